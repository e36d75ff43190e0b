/** Each column's name, type, marks of missing values and format, with the figures that say so. */
import type { ColumnType } from '../../domain/definition';
import type { ColumnFigures, TimeReading } from '../../engines/tables/look/figures';
import { identifiersOf } from './identifiers';
import { counted, percent } from './words';

export interface InferredColumn {
  /** Index in the file. */
  readonly index: number;
  readonly name: string;
  /** The name in the file, where it is another; of a moment in several columns, their names. */
  readonly from?: string | readonly string[];
  readonly type: ColumnType;
  /** The format of a timestamp that is not ISO-8601. */
  readonly format?: string;
  readonly time?: TimeReading;
  /** Its values are personal: no comment shows one. */
  readonly privacy: boolean;
  /** The figures. */
  readonly why: string;
  /** What a person must decide. */
  readonly decide?: string;
  readonly figures: ColumnFigures;
}

export interface InferredColumns {
  readonly columns: readonly InferredColumn[];
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Columns of the file that are left out, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

const LONG = 40;
const MOST_REPEATED = 0.5;
/** So many values of a column may be unreadable: they are mistakes, and their rows go to quarantine. */
const MOST_UNREADABLE = 0.01;
/** Whose values are probably about a person. */
const PERSONAL_NAME =
  /e_?mail|phone|mobile|ssn|social_?security|passport|birth|surname|(first|last|full|user)_?name|street|address|iban|ip_?addr/i;
const TIME_NAME =
  /(^|[^a-z])(date|time|timestamp|at|day|when|ts)([^a-z]|$)|[a-z](At|Date|Time)$|_(at|on|date|time|ts)$/i;
/** Marks that are also words: in a column of texts they may mean something. */
const WORDS: readonly string[] = ['None', 'none', '-', '--', '.', 'na'];

/**
 * @param privacy columns that the user calls personal, by their name in the file or in the definition
 * @param target index of the column that is asked about
 */
export function inferColumns(
  figures: readonly ColumnFigures[],
  privacy: readonly string[],
  target?: number
): InferredColumns {
  const names = identifiersOf(figures.map(({ name }) => name));
  const headers = figures.map(({ name, parts }) => (parts === undefined ? name : undefined));
  const isTwice = (name: string) => headers.indexOf(name) !== headers.lastIndexOf(name);
  const together = figures.findIndex(({ parts }) => parts !== undefined);
  const inferred = figures.map((column, index): Inferred => {
    const { type, ...untyped } = inferColumn(column, names[index]!, index, privacy);
    const { parts } = column;
    if (parts === undefined && isTwice(column.name)) {
      return { ...untyped, why: 'another column has the same name, so no definition can say which of them is meant' };
    }
    if (index !== target && figures[together]?.parts?.includes(index)) {
      return { ...untyped, why: `a part of ${names[together]!}` };
    }
    return {
      ...untyped,
      ...(parts === undefined ? {} : { from: parts.map((at) => figures[at]!.name) }),
      ...(type === undefined ? {} : { type }),
    };
  });
  const missing = new Set(['']);
  for (const { type, figures: found } of inferred.filter((column) => column.type !== undefined)) {
    for (const { value } of found.marks) if (type !== 'string' || !WORDS.includes(value)) missing.add(value);
  }
  return {
    columns: inferred.filter((column): column is InferredColumn => column.type !== undefined),
    missing: [...missing],
    leftOut: inferred.filter(({ type }) => type === undefined).map(({ figures: { name }, why }) => ({ name, why })),
  };
}

/** Asked by its name in the file or in the definition, or by the sound of it. */
export const isPersonal = (inFile: string, name: string, privacy: readonly string[]): boolean =>
  privacy.includes(name) || privacy.includes(inFile) || PERSONAL_NAME.test(name);

type Inferred = Omit<InferredColumn, 'type'> & { readonly type?: ColumnType };

function inferColumn(figures: ColumnFigures, name: string, index: number, privacy: readonly string[]): Inferred {
  const { present, stored, marks, distinct } = figures;
  const vector = vectorOf(figures);
  const asked = privacy.includes(name) || privacy.includes(figures.name);
  const personal = isPersonal(figures.name, name, privacy);
  const base = { index, name, figures, privacy: personal, ...(name === figures.name ? {} : { from: figures.name }) };
  if (stored === 'nested' && vector === undefined) return { ...base, why: 'nested values are not read' };
  if (present === 0) return { ...base, why: 'it has no value' };
  const missing = marks.reduce((sum, { count }) => sum + count, 0);
  const values = `${counted(present)} values, ${counted(distinct)} distinct${missing > 0 ? `, ${counted(missing)} missing (${percent(missing / (missing + present))})` : ''}`;
  const { why, ...type } = vector ?? typeOf(figures, name, personal);
  if (!personal) return { ...base, ...type, why: why === undefined || why === '' ? values : `${values}; ${why}` };
  const decide = 'its name sounds personal, so no report will show a value; remove privacy if it is not';
  return { ...base, ...type, why: values, ...(asked ? {} : { decide }) };
}

type Typed = Pick<Inferred, 'type' | 'format' | 'time' | 'decide'> & { readonly why?: string };

/** Nearly all are arrays of as many numbers. */
function vectorOf({ vectors, present }: ColumnFigures): Typed | undefined {
  if (vectors === undefined || vectors.count < (1 - MOST_UNREADABLE) * present) return undefined;
  const { width, count } = vectors;
  const others =
    count === present ? '' : `; ${counted(present - count)} are not so many numbers: their rows go to quarantine`;
  return { type: `vector(${width})`, why: `${counted(width)} numbers in each${others}` };
}

function typeOf(figures: ColumnFigures, name: string, personal: boolean): Typed {
  const { present, stored, integers, numbers, booleans, distinct, leadingZeros, longNumbers, times, numeric } = figures;
  const range = numeric === undefined ? '' : `${numeric.min} to ${numeric.max}`;
  if (stored === 'timestamp' || (times.length > 0 && (numbers < present || TIME_NAME.test(name)))) {
    return timestamp(figures);
  }
  if (figures.decimal !== undefined) return { type: figures.decimal, why: range };
  if (stored === 'integer' || stored === 'number') return { type: stored, why: range };
  if (stored === 'boolean') return { type: 'boolean' };
  if (booleans === present && distinct === 2 && areTruths(figures)) return { type: 'boolean' };
  if (leadingZeros > 0) {
    return { type: 'string', why: `${counted(leadingZeros)} begin with 0, as codes do: a number would lose it` };
  }
  if (longNumbers > 0 && numbers >= (1 - MOST_UNREADABLE) * present) {
    return { type: 'string', why: `${counted(longNumbers)} have more digits than a number keeps` };
  }
  const unreadable = (read: number) =>
    read === present ? '' : `; ${counted(present - read)} are not numbers: their rows go to quarantine`;
  if (integers >= (1 - MOST_UNREADABLE) * present && numbers === integers)
    return { type: 'integer', why: `${range}${unreadable(integers)}` };
  if (numbers >= (1 - MOST_UNREADABLE) * present) return { type: 'number', why: `${range}${unreadable(numbers)}` };
  if (isText(figures)) return { type: 'text', why: `${Math.round(figures.meanLength)} characters in the mean` };
  return {
    type: 'string',
    ...ambiguousMarks(figures),
    ...nearlyNumbers(figures, personal),
    ...inSeveralFormats(figures),
  };
}

/** Of so many characters in the mean, of words, and seldom the same: what somebody wrote, and no name of anything. */
const isText = ({ stored, present, distinct, meanLength, withBlanks }: ColumnFigures): boolean =>
  stored !== 'nested' && meanLength > LONG && distinct > MOST_REPEATED * present && withBlanks > MOST_REPEATED;

/** `f` and `t` alone are letters. */
const areTruths = ({ top }: ColumnFigures): boolean =>
  top.every(({ value }) => ['true', 'false'].includes(value.toLowerCase()));

function timestamp({ times, present, stored }: ColumnFigures): Typed {
  const [best, ...others] = times;
  if (best === undefined) return { type: 'timestamp' };
  const rival = others.find(({ format, read }) => read === best.read && format.includes('%'));
  const lost = present - best.read;
  const why = `${best.min.slice(0, 10)} to ${best.max.slice(0, 10)}${lost > 0 ? `; ${counted(lost)} are not times: their rows go to quarantine` : ''}`;
  return {
    type: 'timestamp',
    time: best,
    why,
    ...(stored === 'timestamp' || best.format === 'iso' ? {} : { format: best.format }),
    ...(rival === undefined || best.format === 'iso'
      ? {}
      : { decide: `${rival.format} reads every value, too: say which of the two it is` }),
  };
}

function ambiguousMarks({ marks }: ColumnFigures): Pick<Typed, 'decide'> {
  const words = marks.filter(({ value }) => WORDS.includes(value));
  if (words.length === 0) return {};
  const which = words.map(({ value, count }) => `'${value}' (${counted(count)} rows)`).join(', ');
  return {
    decide: `${which}: a value here; if it means that there is none, add missing: [''${words.map(({ value }) => `, '${value}'`).join('')}]`,
  };
}

function inSeveralFormats({ mixedTimes }: ColumnFigures): Pick<Typed, 'decide'> {
  if (mixedTimes === undefined) return {};
  const formats = mixedTimes.map((format) => `'${format}'`).join(', ');
  return {
    decide: `times in several formats: declare { type: 'timestamp', format: [${formats}] }, where that is what they are`,
  };
}

/** So many of a text's values make one ask whether it was meant to be a number. */
const MOSTLY = 0.5;
const NEARLY_ALL = 0.9;

function nearlyNumbers(
  { present, numbers, markedNumbers, notNumbers }: ColumnFigures,
  personal: boolean
): Pick<Typed, 'decide'> {
  if (numbers >= MOSTLY * present) {
    const others = notNumbers.map(({ value, count }) => `'${value}' (${counted(count)} rows)`).join(', ');
    const shown = personal ? '' : `, others are ${others}`;
    return {
      decide: `${counted(numbers)} of ${counted(present)} values are numbers${shown}: if the others mean that there is none, declare a number with missing: ['', …]`,
    };
  }
  if (markedNumbers < NEARLY_ALL * present) return {};
  return {
    decide: `${counted(markedNumbers)} of ${counted(present)} values are digits among other marks: to learn from their size, derive a number by a statement (docs/prepare.md)`,
  };
}

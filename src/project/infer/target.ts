/** What the user wants to know: a condition on a column, or a column's value itself: one of two or of several, or a number. */
import { MlopsError } from '../../domain/errors';
import type { Asks, ColumnFigures } from '../../engines/tables/look/figures';
import { counted, listOf } from './words';

export type Target = Asks & {
  /** Index of the column in the file. */
  readonly column: number;
  /** Why this question, where the user named a column alone. */
  readonly why: string;
  /** What the figures do not say. */
  readonly decide?: string;
};
type Answer = Asks & Pick<Target, 'why' | 'decide'>;

const CONDITION = /^(.+?)\s*(>=|<=|==|=|>|<)\s*(.+)$/s;
const POSITIVE: readonly string[] = ['true', 'yes', 'y', 't', '1', '1.0', 'positive', 'failed', 'fraud', 'spam'];

export interface AskedTable {
  readonly columns: readonly ColumnFigures[];
  /** In the definition, by index. */
  readonly names: readonly string[];
  /** Whether a column's values are shown nowhere, by index. */
  readonly personal: readonly boolean[];
}

/**
 * @param expression `price`, `price > 2400` or `weather = rain`; the column as the file or the definition names it
 * @throws MlopsError MLOPS_COLUMN_MISSING; MLOPS_TARGET_INVALID: constant, missing, a text of many values, or compared with
 * what it is not
 */
export function targetOf(expression: string, { columns, names, personal }: AskedTable): Target {
  const whole = indexOf(expression.trim(), columns, names);
  if (whole !== undefined)
    return { column: whole, ...answerOf(columns[whole]!, expression.trim(), personal[whole] === true) };
  const [, left = expression, op = '=', right = ''] = CONDITION.exec(expression) ?? [];
  const column = indexOf(left.trim(), columns, names);
  if (column === undefined) {
    throw new MlopsError(
      'MLOPS_COLUMN_MISSING',
      'The target names a column that the file lacks.',
      { column: left.trim(), found: listOf(columns.map(({ name }) => name)) },
      "Name one of them, alone or in a condition such as 'price > 2400'."
    );
  }
  const figures = columns[column]!;
  return {
    column,
    asks: 'condition',
    op: op === '==' ? '=' : (op as '='),
    value: valueOf(right.trim(), figures),
    why: 'as asked',
  };
}

function indexOf(name: string, columns: readonly ColumnFigures[], names: readonly string[]): number | undefined {
  const exact = columns.findIndex((column) => column.name === name);
  if (exact >= 0) return exact;
  const mapped = names.indexOf(name);
  return mapped < 0 ? undefined : mapped;
}

function valueOf(text: string, { numbers, commaNumbers, present, name }: ColumnFigures): number | string {
  const bare = text.replace(/^(["'])(.*)\1$/s, '$2');
  if (numbers < 0.99 * present) return bare;
  const value = Number(commaNumbers > 0 ? bare.replace(',', '.') : bare);
  if (bare !== '' && Number.isFinite(value)) return value;
  throw invalid(name, `It holds numbers, and is compared with ${bare}.`, 'Compare it with a number.');
}

/** So few whole numbers may be names of classes. */
const FEW = 20;

function answerOf(figures: ColumnFigures, name: string, personal: boolean): Answer {
  const { distinct, present, top, numbers, integers, kinds } = figures;
  if (present === 0) throw invalid(name, 'It has no value at all.', 'Choose another column.');
  if (distinct === 1)
    throw invalid(name, `It has one value${personal ? '' : `, ${top[0]?.value}`}.`, 'Choose another column.');
  if (distinct === 2) return yesOrNo(figures);
  if (numbers === present) {
    const few = integers === present && distinct <= FEW;
    const decide = `${counted(distinct)} whole numbers: where they name classes, declare the column as a string and write objective: { task: 'classes', classes: [...] }`;
    return { asks: 'number', why: 'as asked, its number', ...(few ? { decide } : {}) };
  }
  const classes = top.length === distinct ? top.map(({ value }) => value) : kinds;
  if (!personal && classes !== undefined)
    return { asks: 'class', classes: classes.toSorted(), why: 'as asked, which of its values' };
  throw invalid(
    name,
    personal
      ? `It has ${counted(distinct)} values, which are personal: classes would show them.`
      : `It has ${counted(distinct)} values: more than 10, and not 100 at most that are each in 10 rows or more.`,
    `Ask a yes-or-no question of it, such as --target '${name} = ${personal ? '…' : (top[0]?.value ?? 'x')}', or declare its classes by hand (docs/classes.md).`
  );
}

/** Which of a column's two values is the yes. */
function yesOrNo({ numbers, present, top }: ColumnFigures): Answer {
  const [first, second] = top as unknown as [{ value: string; count: number }, { value: string; count: number }];
  const yes = top.find(({ value }) => POSITIVE.includes(value.toLowerCase()));
  const { value, count } = yes ?? second;
  const other = value === first.value ? second : first;
  const why = `${counted(count)} rows are ${value}, ${counted(other.count)} are ${other.value}${yes === undefined ? '; the rarer one is taken for the yes' : ''}`;
  return { asks: 'condition', op: '=', value: numbers === present ? Number(value) : value, why };
}

function invalid(column: string, what: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_TARGET_INVALID', `The target can't be learned: ${what}`, { column }, fix);
}

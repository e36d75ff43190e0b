/** Rules that the rows seen so far keep, from a column's figures: a later batch that breaks them is reported. */
import { type ColumnRule, type ColumnType, typeName, typesWith, type TableRule } from '../../domain/definition';
import { wilson } from '../../domain/wilson';
import { counted } from './words';

export interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  /** Only how many values there are may be used, none of them. */
  readonly privacy: boolean;
  readonly present: number;
  readonly missing: number;
  readonly distinct: number;
  /** Of numbers. */
  readonly min?: number;
  readonly max?: number;
  /** Of numbers, where it is known: the median, how many are 0, and the least above 0. */
  readonly p50?: number;
  readonly zeros?: number;
  readonly leastAboveZero?: number;
  /** The most frequent values, of texts. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

export interface Suggested<Rule> {
  readonly rule: Rule;
  /** The figures. */
  readonly why: string;
}

type Part = { readonly fields: Partial<ColumnRule>; readonly why: string };

/** A value that is seen more rarely may be one of many. */
const LEAST_SEEN = 5;
/** Of the rows that a list of values must cover, and that must have a value, for a rule with `mostly`. */
const LEAST_COVERED = 0.9;
const LEAST_PRESENT = 0.2;
/** Of the range, on either side. */
const MARGIN = 0.1;
/** Of the values, that may be 0 and still be slips; and of the median, that the least above 0 must reach. */
const MOST_ZEROS = 0.01;
const FAR_FROM_ZERO = 0.2;

/**
 * What every row keeps is one rule; what most rows keep is a rule of its own, with `mostly` at Wilson's lower bound of the
 * share, rounded down.
 */
export function suggestColumnRules(facts: ColumnFacts, ask = { presence: true }): readonly Suggested<ColumnRule>[] {
  const { name } = facts;
  const [presence, domain] = [
    ask.presence ? presenceOf(facts) : undefined,
    facts.privacy ? undefined : domainOf(facts),
  ];
  const parts = [presence, facts.privacy ? undefined : rangeOf(facts), domain].filter((part) => part !== undefined);
  const size = facts.privacy ? undefined : sizeOf(facts);
  const strict = parts.filter(({ fields }) => fields.mostly === undefined);
  const rule = (fields: Partial<ColumnRule>): ColumnRule => ({
    column: name,
    required: false,
    ...fields,
    severity: 'warn',
  });
  return [
    ...(strict.length === 0
      ? []
      : [
          {
            rule: rule(Object.assign({}, ...strict.map(({ fields }) => fields)) as Partial<ColumnRule>),
            why: strict.map(({ why }) => why).join('; '),
          },
        ]),
    ...parts
      .filter(({ fields }) => fields.mostly !== undefined)
      .map(({ fields, why }) => ({ rule: rule(fields), why })),
    // A rule of its own, since rows break it: each is counted.
    ...(size === undefined ? [] : [{ rule: rule(size.fields), why: size.why }]),
  ];
}

/** A column that names each row, as far as seen. */
export function suggestUnique({
  name,
  type,
  present,
  missing,
  distinct,
}: ColumnFacts): Suggested<TableRule> | undefined {
  if (type === 'number' || type === 'boolean' || missing > 0 || present < 2 || distinct < present) return undefined;
  return { rule: { unique: [name], severity: 'warn' }, why: `${counted(distinct)} values, none twice` };
}

function presenceOf({ present, missing }: ColumnFacts): Part | undefined {
  const rows = present + missing;
  if (rows === 0) return undefined;
  const { share, low } = wilson(present, rows);
  if (missing === 0) return { fields: { required: true }, why: `never missing in ${counted(rows)} rows` };
  const mostly = roundedDown(low);
  if (share < LEAST_PRESENT || mostly === 0) return undefined;
  return {
    fields: { required: true, mostly },
    why: `present in ${counted(present)} of ${counted(rows)} rows, at least ${low.toFixed(4)} by Wilson's bound`,
  };
}

function rangeOf({ type, present, distinct, min, max }: ColumnFacts): Part | undefined {
  if (!typesWith('numeric').includes(typeName(type)) || min === undefined || max === undefined) return undefined;
  // A number that names rows goes on.
  if (type === 'integer' && distinct === present && present > 1) return undefined;
  // A flag has no margin.
  if (type === 'integer' && distinct === 2 && present >= 2 * LEAST_SEEN) {
    return { fields: { oneOf: [min, max] }, why: `its two values are ${min} and ${max}` };
  }
  const seen = `${min} to ${max}`;
  if (min === max) return min < 0 ? undefined : { fields: { min: 0 }, why: `never below 0` };
  const step = 10 ** (Math.floor(Math.log10(max - min)) - 1);
  const places = Math.max(0, -Math.floor(Math.log10(step)));
  const to = (value: number) => Number(value.toFixed(Math.min(places, 20)));
  const least = to(Math.floor((min - MARGIN * (max - min)) / step) * step);
  const most = to(Math.ceil((max + MARGIN * (max - min)) / step) * step);
  const low = min >= 0 && least < 0 ? 0 : least;
  if (!(low <= min && most >= max)) return undefined;
  return { fields: { min: low, max: most }, why: `${seen}, with a margin of a tenth` };
}

/** A measure such as a length, where a 0 stands for a value that nobody took. Counts may be 0. */
function sizeOf({ type, present, min, p50, zeros, leastAboveZero }: ColumnFacts): Part | undefined {
  if (type !== 'number' || min !== 0 || zeros === undefined || leastAboveZero === undefined || p50 === undefined) {
    return undefined;
  }
  if (zeros > MOST_ZEROS * present || leastAboveZero < FAR_FROM_ZERO * p50) return undefined;
  const rows = zeros === 1 ? '1 row is' : `${counted(zeros)} rows are`;
  const why = `${rows} 0, the next is ${leastAboveZero} and the median ${p50}: a size that is 0 was probably not measured`;
  return { fields: { above: 0 }, why };
}

function domainOf({ type, present, distinct, top }: ColumnFacts): Part | undefined {
  if (type !== 'string' || present === 0) return undefined;
  const often = top.filter(({ count }) => count >= LEAST_SEEN);
  const oneOf = often.map(({ value }) => value).sort();
  if (oneOf.length === 0) return undefined;
  const covered = often.reduce((sum, { count }) => sum + count, 0);
  if (covered === present) {
    const least = Math.min(...often.map(({ count }) => count));
    return { fields: { oneOf }, why: `${distinct} values, each in at least ${counted(least)} rows` };
  }
  const { share, low } = wilson(covered, present);
  if (share < LEAST_COVERED) return undefined;
  return {
    fields: { oneOf, mostly: roundedDown(low) },
    why: `${oneOf.length} of ${counted(distinct)} values are in ${counted(covered)} of ${counted(present)} rows, at least ${low.toFixed(4)} by Wilson's bound`,
  };
}

const roundedDown = (share: number): number => Math.floor(100 * share) / 100;

/** Rules that every row of the file keeps: a later batch that breaks them is reported. */
import type { ColumnRule } from '../../domain/definition';
import type { InferredColumn } from './columns';

export interface InferredRule {
  readonly rule: ColumnRule;
  readonly why: string;
}

/** A value that is seen once may be one of many. */
const LEAST_SEEN = 5;

/** @param needed columns without which a row is of no use: those of the target */
export function inferRules(columns: readonly InferredColumn[], needed: ReadonlySet<number>): readonly InferredRule[] {
  return columns.flatMap((column) => ruleOf(column, needed));
}

function ruleOf(
  { index, name, type, figures, privacy }: InferredColumn,
  needed: ReadonlySet<number>
): readonly InferredRule[] {
  const { marks, numeric, distinct, top } = figures;
  const always = marks.length === 0;
  const numbers = type === 'integer' || type === 'number';
  const notNegative = numbers && numeric !== undefined && numeric.min >= 0;
  const listed =
    type === 'string' && !privacy && distinct <= top.length && top.every(({ count }) => count >= LEAST_SEEN);
  const required = always && !needed.has(index);
  if (!required && !notNegative && !listed) return [];
  return [
    {
      rule: {
        column: name,
        required,
        ...(notNegative ? { min: 0 } : {}),
        ...(listed ? { oneOf: top.map(({ value }) => value).sort() } : {}),
        severity: 'warn',
      },
      why: [
        ...(always ? ['never missing'] : []),
        ...(notNegative ? ['never below 0'] : []),
        ...(listed ? [`${distinct} values, each in at least ${Math.min(...top.map(({ count }) => count))} rows`] : []),
      ].join('; '),
    },
  ];
}

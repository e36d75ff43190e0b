/**
 * Sums of doubles that depend on the values alone, to the bit: not on their order, nor on how a window is cut into parts. Each value
 * is split into whole multiples of powers of two, 96 bits each, whose sums are exact; the parts are put together at the end.
 */

import type { Database } from '../duckdb';

const BITS = 96;
/** What is below 2^-192 of a value does not count. */
const PARTS = [-2, -1, 0, 1] as const;
export type SumPart = (typeof PARTS)[number];
/** Values from here on, infinite ones and NaN can't be summed. */
const END = double(2 * BITS);

/**
 * Parts of which some value of the expression has one that is not zero; at least one. To add the others changes no bit: a sum that is
 * not zero stays what it is, and zero has one sign here.
 */
export async function sumParts(database: Database, expression: string, table: string): Promise<readonly SumPart[]> {
  const within = PARTS.map((part) => `coalesce(bool_or(${partOf('x', part)} <> 0), false) AS "${partName('p', part)}"`);
  const [row] = await database.rows(
    `SELECT ${within.join(', ')} FROM (SELECT (${expression})::DOUBLE AS x FROM ${table}) WHERE abs(x) < ${END}`
  );
  const used = PARTS.filter((part) => row![partName('p', part)] === true);
  return used.length > 0 ? used : [0];
}

/** Of a column of doubles: columns to add up. */
export function partsOf(
  column: string,
  name: string,
  parts: readonly SumPart[]
): readonly { readonly sql: string; readonly name: string }[] {
  const summable = `abs(${column}) < ${END}`;
  return [
    ...parts.map((part) => ({
      sql: `CASE WHEN ${summable} THEN ${partOf(column, part)} END`,
      name: partName(name, part),
    })),
    { sql: `CASE WHEN ${column} IS NOT NULL AND NOT ${summable} THEN 1 END`, name: `${name}_beyond` },
  ];
}

/** The sum in a window: NULL where there is no value, or one that can't be summed. `over` is ` OVER …`, with a filter before it. */
export function exactSum(name: string, over: string, parts: readonly SumPart[]): string {
  const sum = (part: SumPart) => `sum("${partName(name, part)}")${over}`;
  const all = parts.map((part) => `${sum(part)}::DOUBLE * ${double(BITS * part)}`).join(' + ');
  return `CASE WHEN count("${name}_beyond")${over} = 0 THEN ${all} END`;
}

function partOf(column: string, part: SumPart): string {
  return `trunc((${column} % ${double(BITS * (part + 1))}) * ${double(-BITS * part)})::HUGEINT`;
}

function partName(name: string, part: SumPart): string {
  return `${name}_${part + 2}`;
}

function double(exponent: number): string {
  return `'${2 ** exponent}'::DOUBLE`;
}

/**
 * Sums of doubles that depend on the values alone, to the bit: not on their order, nor on how a window is cut into parts. Each value
 * is split into whole multiples of powers of two, 96 bits each, whose sums are exact; the parts are put together at the end.
 */

const BITS = 96;
/** What is below 2^-192 of a value does not count. */
const PARTS = [-2, -1, 0, 1] as const;
/** Values from here on, infinite ones and NaN can't be summed. */
const END = double(2 * BITS);

/** Of a column of doubles: columns to add up. */
export function partsOf(column: string, name: string): readonly { readonly sql: string; readonly name: string }[] {
  const summable = `abs(${column}) < ${END}`;
  return [
    ...PARTS.map((part) => ({
      sql: `CASE WHEN ${summable} THEN trunc((${column} % ${double(BITS * (part + 1))}) * ${double(-BITS * part)})::HUGEINT END`,
      name: partName(name, part),
    })),
    { sql: `CASE WHEN ${column} IS NOT NULL AND NOT ${summable} THEN 1 END`, name: `${name}_beyond` },
  ];
}

/** The sum in a window: NULL where there is no value, or one that can't be summed. `over` is ` OVER …`, with a filter before it. */
export function exactSum(name: string, over: string): string {
  const sum = (part: number) => `sum("${partName(name, part)}")${over}`;
  const all = PARTS.map((part) => `${sum(part)}::DOUBLE * ${double(BITS * part)}`).join(' + ');
  return `CASE WHEN count("${name}_beyond")${over} = 0 THEN ${all} END`;
}

function partName(name: string, part: number): string {
  return `${name}_${part + 2}`;
}

function double(exponent: number): string {
  return `'${2 ** exponent}'::DOUBLE`;
}

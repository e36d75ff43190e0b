/** The values of a column that are frequent among the training rows. */
import type { NumberColumn, StringColumn } from '../tables/columns';

/**
 * Values in at least `minCount` rows, in code-point order; with a limit the most frequent of them. The empty string is
 * the missing one: it is never a category.
 */
export function frequentStrings(
  column: StringColumn,
  minCount: number,
  limit = Number.POSITIVE_INFINITY
): readonly string[] {
  const counts = new Uint32Array(column.dictionary.length);
  for (const code of column.codes) if (code >= 0) counts[code]! += 1;
  return column.dictionary
    .map((text, code) => ({ text, code, count: counts[code]! }))
    .filter(({ text, count }) => count >= minCount && count > 0 && text !== '')
    .sort((a, b) => b.count - a.count || a.code - b.code)
    .slice(0, limit)
    .sort((a, b) => a.code - b.code)
    .map(({ text }) => text);
}

/** The same of numbers, in ascending order. */
export function frequentNumbers(column: NumberColumn, minCount: number): readonly number[] {
  const counts = new Map<number, number>();
  // Adding 0 makes −0 and 0 one value, as they are in the graph.
  for (const value of column.values) if (!Number.isNaN(value)) counts.set(value + 0, (counts.get(value + 0) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .map(([value]) => value)
    .sort((a, b) => a - b);
}

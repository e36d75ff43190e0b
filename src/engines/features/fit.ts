/**
 * Fitting: statistics of the training rows, taken row after row in the table's order, so that the same rows in the same
 * order give the same numbers to the bit.
 */
import type { FeatureDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { COLUMN_NAME, RESERVED_COLUMNS } from '../../domain/ids';
import type { JobContext } from '../../domain/job';
import type { Column, NumberColumn, StringColumn, TableColumns } from '../tables/columns';
import type { FeatureInput, FittedFeatures, FittedTransform } from './fitted';

/** More columns than this belong into an embedding: a row costs four bytes for each. */
const MAX_ONE_HOT = 1000;

/**
 * @param table the training rows, and no other
 * @throws MlopsError MLOPS_FEATURE_INVALID: a column is missing, has a type that the transform can't read, holds an
 * infinite number, or has no value or too many that are frequent; the name of a column is one of the graph's own.
 * MLOPS_TOO_FEW_ROWS: the table is empty.
 */
export function fitFeatures(
  table: TableColumns,
  features: readonly FeatureDefinition[],
  { progress }: Partial<Pick<JobContext, 'progress'>> = {}
): FittedFeatures {
  if (table.rows === 0) throw new MlopsError('MLOPS_TOO_FEW_ROWS', 'There is no training row.', {}, 'Widen the split.');
  const inputs = new Map<string, FeatureInput>();
  const embedded = new Set<string>();
  const transforms = features.map((feature, i) => {
    const fitted = fitTransform(feature, table);
    inputs.set(feature.column, { column: feature.column, type: columnOf(table, feature).type });
    if (feature.transform === 'embedding') {
      if (embedded.has(feature.column)) throw invalid(feature, 'The column is embedded twice.', 'Keep one embedding.');
      embedded.add(feature.column);
    }
    progress?.({ done: i + 1, total: features.length, note: `fit ${feature.transform}(${feature.column})` });
    return fitted;
  });
  return { v: 1, rows: table.rows, inputs: [...inputs.values()], transforms };
}

function fitTransform(feature: FeatureDefinition, table: TableColumns): FittedTransform {
  const column = columnOf(table, feature);
  switch (feature.transform) {
    case 'timeOfDayBuckets':
    case 'timeOfDayCycles':
    case 'weekday':
      if (column.type !== 'timestamp') throw unreadable(feature, column, 'a timestamp');
      return feature;
    case 'standardize':
    case 'logStandardize': {
      if (column.type !== 'number') throw unreadable(feature, column, 'an integer or number');
      const value = feature.transform === 'standardize' ? (x: number) => x : logOf;
      return { transform: feature.transform, column: feature.column, ...moments(column, value, feature) };
    }
    case 'oneHot': {
      if (column.type === 'timestamp') throw unreadable(feature, column, 'a string, integer, number or boolean');
      const categories = column.type === 'string' ? frequentStrings(column, feature) : frequentNumbers(column, feature);
      if (categories.length > MAX_ONE_HOT) {
        const what = `${categories.length} values are in ${feature.minCount} rows or more.`;
        throw invalid(feature, what, `Raise minCount, or embed the column; a one-hot has at most ${MAX_ONE_HOT}.`);
      }
      return { transform: 'oneHot', column: feature.column, categories: someOf(categories, feature) };
    }
    case 'embedding': {
      if (column.type !== 'string') throw unreadable(feature, column, 'a string');
      const categories = someOf(frequentStrings(column, feature, feature.maxRows - 1), feature);
      return { transform: 'embedding', column: feature.column, width: feature.width, categories };
    }
  }
}

/** Not a number, so missing, where there is no logarithm. */
function logOf(x: number): number {
  return x > 0 ? Math.log(x) : Number.NaN;
}

/**
 * Mean and standard deviation of the values that are there, in two passes. A column without spread, or without a value,
 * gets the deviation 1: it standardizes to 0.
 */
function moments(
  { values }: NumberColumn,
  value: (x: number) => number,
  feature: FeatureDefinition
): { readonly mean: number; readonly deviation: number } {
  let count = 0;
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) {
    const x = value(values[row]!);
    if (Number.isNaN(x)) continue;
    if (!Number.isFinite(x)) throw invalid(feature, 'A value is infinite.', 'Quarantine it with a range rule.', row);
    count += 1;
    sum += x;
  }
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  for (let row = 0; row < values.length; row += 1) {
    const x = value(values[row]!);
    if (!Number.isNaN(x)) squares += (x - mean) * (x - mean);
  }
  const deviation = count === 0 ? 0 : Math.sqrt(squares / count);
  return { mean, deviation: deviation > 0 ? deviation : 1 };
}

type Counting = Extract<FeatureDefinition, { readonly minCount: number }>;

/**
 * Values in at least `minCount` rows, in code-point order; with a limit the most frequent of them. The empty string is
 * the missing one: it is never a category.
 */
function frequentStrings(column: StringColumn, feature: Counting, limit = Number.POSITIVE_INFINITY): readonly string[] {
  const counts = new Uint32Array(column.dictionary.length);
  for (const code of column.codes) if (code >= 0) counts[code]! += 1;
  return column.dictionary
    .map((text, code) => ({ text, code, count: counts[code]! }))
    .filter(({ text, count }) => count >= feature.minCount && count > 0 && text !== '')
    .sort((a, b) => b.count - a.count || a.code - b.code)
    .slice(0, limit)
    .sort((a, b) => a.code - b.code)
    .map(({ text }) => text);
}

function frequentNumbers(column: NumberColumn, feature: Counting): readonly number[] {
  const counts = new Map<number, number>();
  // Adding 0 makes −0 and 0 one value, as they are in the graph.
  for (const value of column.values) if (!Number.isNaN(value)) counts.set(value + 0, (counts.get(value + 0) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= feature.minCount)
    .map(([value]) => value)
    .sort((a, b) => a - b);
}

function someOf<T extends readonly unknown[]>(categories: T, feature: Counting): T {
  if (categories.length > 0) return categories;
  throw invalid(feature, `No value is in ${feature.minCount} rows or more.`, 'Lower minCount or drop the feature.');
}

function columnOf(table: TableColumns, feature: FeatureDefinition): Column {
  const column = table.columns[feature.column];
  if (column === undefined) throw invalid(feature, 'The table has no such column.', 'Name a column of the source.');
  if (RESERVED_COLUMNS.includes(feature.column) || !COLUMN_NAME.test(feature.column))
    throw invalid(feature, "The name is one of the graph's own.", 'Rename the column.');
  return column;
}

function unreadable(feature: FeatureDefinition, column: Column, needed: string): MlopsError {
  return invalid(feature, `The transform reads ${needed} column, this one is a ${column.type}.`, 'Change one of them.');
}

function invalid(feature: FeatureDefinition, what: string, fix: string, row?: number): MlopsError {
  return new MlopsError(
    'MLOPS_FEATURE_INVALID',
    what,
    { transform: feature.transform, column: feature.column, row },
    fix
  );
}

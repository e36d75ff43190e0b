/**
 * Fitting: statistics of the training rows, taken row after row in the table's order, so that the same rows in the same
 * order give the same numbers to the bit. Transform after transform: one that reads what another named comes after it.
 */
import { columnsOf, type FeatureDefinition, nameGivenBy } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { COLUMN_NAME, RESERVED_COLUMNS } from '../../domain/ids';
import type { JobContext } from '../../domain/job';
import type { Column, NumberColumn, StringColumn, TableColumns } from '../tables/columns';
import { quantileEdges } from './buckets';
import { combinationsPossible, frequentCombinations } from './combinations';
import { fitComponents } from './components';
import type { FeatureInput, FittedFeatures, FittedNumber, FittedTransform } from './fitted';
import { frequentNumbers, frequentStrings } from './frequent';
import { namedColumn } from './named-columns';
import type { NumberTransform } from './number-kind';
import { isNumber, kindOf } from './number-kinds';
import { meansOf } from './target-mean';
import { frequentNgrams } from './text-ngrams';

/** More columns than this belong into an embedding: a row costs four bytes for each. */
const MAX_ONE_HOT = 1000;

/**
 * @param table the training rows, and no other
 * @param labels theirs, where a feature needs them (`needsLabels`)
 * @throws MlopsError MLOPS_FEATURE_INVALID: a column is missing, has a type that the transform can't read, holds an
 * infinite number, or has no value or too many that are frequent; the name of a column is one of the graph's own.
 * MLOPS_TOO_FEW_ROWS: the table is empty.
 */
export function fitFeatures(
  table: TableColumns,
  features: readonly FeatureDefinition[],
  { progress, labels }: Partial<Pick<JobContext, 'progress'>> & { readonly labels?: Float32Array | undefined } = {}
): FittedFeatures {
  if (table.rows === 0) throw new MlopsError('MLOPS_TOO_FEW_ROWS', 'There is no training row.', {}, 'Widen the split.');
  const columns: Record<string, Column> = { ...table.columns };
  const inputs = new Map<string, FeatureInput>();
  const embedded = new Set<string>();
  const given = new Set<string>();
  const transforms = features.map((feature, i) => {
    const read = columnsOf(feature).map((name) => columnOf(columns, feature, name));
    const fitted = fitTransform(feature, read, labels);
    columnsOf(feature).forEach((name, at) => {
      if (!given.has(name)) inputs.set(name, inputOf(name, read[at]!));
    });
    if (feature.transform === 'embedding') {
      if (embedded.has(feature.column)) throw invalid(feature, 'The column is embedded twice.', 'Keep one embedding.');
      embedded.add(feature.column);
    }
    const name = nameGivenBy(feature);
    if (name !== undefined) {
      if (name in columns)
        throw invalid(feature, `There is a column ${name} already.`, 'Give the result another name.');
      given.add(name);
      columns[name] = namedColumn(fitted, read);
    }
    progress?.({
      done: i + 1,
      total: features.length,
      note: `fit ${feature.transform}(${columnsOf(feature).join(', ')})`,
    });
    return fitted;
  });
  return { v: 1, rows: table.rows, inputs: [...inputs.values()], transforms };
}

function fitTransform(
  feature: FeatureDefinition,
  columns: readonly Column[],
  labels: Float32Array | undefined
): FittedTransform {
  if (isNumber(feature)) return fitNumber(feature, columns);
  const column = columns[0]!;
  switch (feature.transform) {
    case 'timeOfDayBuckets':
    case 'timeOfDayCycles':
    case 'weekday':
      if (column.type !== 'timestamp') throw unreadable(feature, column, 'a timestamp');
      return feature;
    case 'holiday':
      if (column.type !== 'timestamp') throw unreadable(feature, column, 'a timestamp');
      return feature;
    case 'isMissing':
      return feature;
    case 'cycle':
      numeric(feature, column);
      return feature;
    case 'hashing':
      for (const each of columns) if (each.type !== 'string') throw unreadable(feature, each, 'a string');
      return feature;
    case 'cross': {
      for (const each of columns) categorical(feature, each);
      const { transform, as, minCount } = feature;
      const { categories, combinations } = frequentCombinations(columns, minCount);
      if (!Number.isSafeInteger(combinationsPossible(categories))) {
        throw invalid(feature, 'There are more combinations than a number can count.', 'Raise minCount, or hash them.');
      }
      const known = atMost(someOf(combinations, feature), feature, 'hash them');
      return {
        transform,
        columns: feature.columns,
        ...(as === undefined ? {} : { as }),
        categories,
        combinations: known,
      };
    }
    case 'quantileBuckets':
      return {
        transform: 'quantileBuckets',
        column: feature.column,
        ...(feature.as === undefined ? {} : { as: feature.as }),
        edges: quantileEdges(numeric(feature, column), feature.buckets),
      };
    case 'oneHot': {
      const categories = frequent(categorical(feature, column), feature.minCount);
      const known = atMost(
        someOf<readonly string[] | readonly number[]>(categories, feature),
        feature,
        'embed the column'
      );
      return { transform: 'oneHot', column: feature.column, categories: known };
    }
    case 'targetMean': {
      if (labels === undefined) throw new TypeError('a target mean is fitted on labelled rows');
      const { minCount, smoothing, training } = feature;
      const categories = frequent(categorical(feature, column), minCount);
      if (
        categories.length > MAX_ONE_HOT &&
        categories.some((x) => typeof x === 'number' && !Number.isSafeInteger(x))
      ) {
        throw invalid(
          feature,
          `${categories.length} numbers are in ${minCount} rows or more.`,
          'Put them in quantileBuckets.'
        );
      }
      const known = someOf<readonly string[] | readonly number[]>(categories, feature);
      const means = meansOf(column, known, labels, smoothing);
      return { transform: 'targetMean', column: feature.column, categories: known, means, smoothing, training };
    }
    case 'textNgrams': {
      if (column.type !== 'text') throw unreadable(feature, column, 'a text');
      const { ngrams, idf } = frequentNgrams(column, feature);
      return {
        transform: 'textNgrams',
        column: feature.column,
        of: feature.of,
        ngrams: someOf(ngrams, feature),
        idf,
      };
    }
    case 'hashedNgrams':
      if (column.type !== 'text') throw unreadable(feature, column, 'a text');
      return feature;
    case 'components':
      if (column.type !== 'vector') throw unreadable(feature, column, 'a vector');
      return fitComponents(feature, column);
    case 'embedding': {
      if (column.type !== 'string') throw unreadable(feature, column, 'a string');
      const { minCount, maxRows, width } = feature;
      const categories = someOf(frequentStrings(column, minCount, maxRows - 1), feature);
      return { transform: 'embedding', column: feature.column, width, categories };
    }
  }
}

function inputOf(name: string, column: Column): FeatureInput {
  return { column: name, type: column.type, ...(column.type === 'vector' ? { width: column.width } : {}) };
}

function fitNumber(
  feature: Extract<FeatureDefinition, { readonly transform: NumberTransform }>,
  columns: readonly Column[]
): FittedNumber {
  const { transform } = feature;
  const times = transform === 'arithmetic' && feature.op === 'difference' && columns[0]!.type === 'timestamp';
  for (const column of columns) {
    if (transform === 'ordinal') {
      if (column.type !== 'string') throw unreadable(feature, column, 'a string');
    } else if (transform === 'datePart' || times) {
      if (column.type !== 'timestamp') throw unreadable(feature, column, 'a timestamp');
    } else numeric(feature, column);
  }
  const { as } = feature;
  return {
    transform,
    ...('column' in feature ? { column: feature.column } : { columns: feature.columns, op: feature.op }),
    ...('part' in feature ? { part: feature.part } : {}),
    ...(as === undefined ? {} : { as }),
    ...kindOf(transform).fit(feature, columns),
  } as FittedNumber;
}

function numeric(feature: FeatureDefinition, column: Column): Column {
  if (column.type !== 'number') throw unreadable(feature, column, 'an integer or number');
  const row = column.values.findIndex(
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
  );
  if (row >= 0) throw invalid(feature, 'A value is infinite.', 'Quarantine it with a range rule.', row);
  return column;
}

function categorical(feature: FeatureDefinition, column: Column): StringColumn | NumberColumn {
  if (column.type === 'string' || column.type === 'number') return column;
  throw unreadable(feature, column, 'a string, integer, number or boolean');
}

function frequent(column: StringColumn | NumberColumn, minCount: number): readonly string[] | readonly number[] {
  return column.type === 'string' ? frequentStrings(column, minCount) : frequentNumbers(column, minCount);
}

type Counting = Extract<FeatureDefinition, { readonly minCount: number }>;

function someOf<T extends readonly unknown[]>(categories: T, feature: Counting): T {
  if (categories.length > 0) return categories;
  throw invalid(feature, `No value is in ${feature.minCount} rows or more.`, 'Lower minCount or drop the feature.');
}

function atMost<T extends readonly unknown[]>(known: T, feature: Counting, instead: string): T {
  if (known.length <= MAX_ONE_HOT) return known;
  const what = `${known.length} values are in ${feature.minCount} rows or more.`;
  throw invalid(feature, what, `Raise minCount, or ${instead}; a one-hot has at most ${MAX_ONE_HOT}.`);
}

function columnOf(columns: Readonly<Record<string, Column>>, feature: FeatureDefinition, name: string): Column {
  const column = columns[name];
  if (column === undefined)
    throw invalid(feature, `The table has no such column: ${name}.`, 'Name a column of the source.');
  if (RESERVED_COLUMNS.includes(name) || !COLUMN_NAME.test(name))
    throw invalid(feature, "The name is one of the graph's own.", 'Rename the column.');
  return column;
}

function unreadable(feature: FeatureDefinition, column: Column, needed: string): MlopsError {
  return invalid(feature, `The transform reads ${needed} column, this one is a ${column.type}.`, 'Change one of them.');
}

function invalid(feature: FeatureDefinition, what: string, fix: string, row?: number): MlopsError {
  const where = { transform: feature.transform, column: columnsOf(feature).join(', '), row };
  return new MlopsError('MLOPS_FEATURE_INVALID', what, where, fix);
}

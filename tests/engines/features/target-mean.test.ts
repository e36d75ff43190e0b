/** Target means: the formula, and that no training row sees its own label. */
import fc from 'fast-check';
import type { FeatureDefinition } from '../../../src/domain/definition';
import { foldOf } from '../../../src/domain/folds';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import type { TrainingRows } from '../../../src/engines/features/target-mean';
import { trainingFeatures } from '../../../src/engines/features/training-features';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { denseRows } from './dense-rows';
import { numberColumn, SILENT, table, textColumn } from './tables';

type TargetMean = Extract<FeatureDefinition, { readonly transform: 'targetMean' }>;
const FEATURE: TargetMean = {
  transform: 'targetMean',
  column: 's',
  smoothing: 3,
  minCount: 1,
  training: 'earlierRows',
};
const IN_FOLDS: TargetMean = { ...FEATURE, training: { folds: 2, seed: 1 } };

const LABELS = [1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0];
const TEXTS = 'aabbaccabbcaba'.split('');

/** Those that the reference was made with. */
const FOLDS = [1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0];
/** Fitted on the rows of the other fold, row by row. */
const OTHER_FOLDS = [
  ...[0.5238095238095238, 0.5476190476190476, 0.45714285714285713, 0.8571428571428571, 0.5238095238095238],
  ...[0.7857142857142857, 0.2571428571428571, 0.5238095238095238, 0.8571428571428571, 0.45714285714285713],
  ...[0.7857142857142857, 0.5476190476190476, 0.45714285714285713, 0.5476190476190476],
];

function rowsOf(labels: readonly number[], hours = labels.map((_, row) => row)): TrainingRows {
  return {
    labels: Float32Array.from(labels),
    eventTime: BigInt64Array.from(hours, (hour) => BigInt(hour) * 3_600_000_000n),
    keys: Float64Array.from(labels, (_, row) => row * 1_000_003),
  };
}

async function trainedOn(
  features: readonly FeatureDefinition[],
  columns: TableColumns,
  rows: TrainingRows
): Promise<number[][]> {
  const fitted = fitFeatures(columns, features, { labels: rows.labels });
  const { dense, width } = await trainingFeatures(featureGraph(fitted), fitted, columns, rows, SILENT);
  return Array.from({ length: columns.rows }, (_, row) => [...dense.subarray(row * width, (row + 1) * width)]);
}

const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6) as number);

describe('scikit-learn 1.9.1, TargetEncoder(smooth=3), gives the same', () => {
  test('for rows that are scored, for rare, unknown and missing values too', async () => {
    const rows = table({ s: textColumn(['a', 'b', 'c', 'z', null, '']) });
    const labels = Float32Array.from(LABELS);
    const [a, b, c, prior] = [0.52380952, 0.71428571, 0.45238095, 0.57142857] as const;
    expect((await denseRows([FEATURE], table({ s: textColumn(TEXTS) }), rows, labels)).flat()).toEqual(
      near([a, b, c, prior, prior, prior])
    );
  });

  test('for training rows, fitted on the other folds', async () => {
    const any = [...rowsOf(Array.from({ length: 40 }, () => 0)).keys];
    const keys = FOLDS.map((fold) => any.find((bits) => foldOf(bits, { folds: 2, seed: 1 }) === fold)!);
    const rows = { ...rowsOf(LABELS), keys: Float64Array.from(keys) };
    expect((await trainedOn([IN_FOLDS], table({ s: textColumn(TEXTS) }), rows)).flat()).toEqual(near(OTHER_FOLDS));
  });
});

test('a training row gets the mean of the rows of an earlier event time', async () => {
  const hours = [0, 1, 1, 2, 2, 3];
  const rows = rowsOf([1, 0, 1, 1, 0, 0], hours);
  const columns = table({ s: textColumn(['a', 'a', 'a', 'a', 'b', 'a']) });
  const wanted = [
    0.5, // no row is earlier: the mean of all
    (1 + 3 * 1) / 4,
    (1 + 3 * 1) / 4, // not the row of the same time
    (2 + 3 * (2 / 3)) / 6,
    2 / 3, // its value is new
    (3 + 3 * (3 / 5)) / 7,
  ];
  expect((await trainedOn([FEATURE], columns, rows)).flat()).toEqual(near(wanted));
});

test.each([FEATURE, IN_FOLDS])(
  'no training row sees its own label, and none of a later time: $training',
  async (feature) => {
    const value = fc.constantFrom('a', 'b', 'c');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(value, fc.integer({ min: 0, max: 1 })), { minLength: 3, maxLength: 25 }),
        fc.nat(24),
        async (drawn, which) => {
          const row = which % drawn.length;
          const labels = drawn.map(([, label]) => label);
          const columns = table({ s: textColumn(drawn.map(([text]) => text)) });
          const changed = labels.map((label, i) => (i === row ? 1 - label : label));
          const before = await trainedOn([feature], columns, rowsOf(labels));
          const after = await trainedOn([feature], columns, rowsOf(changed));
          const folds = Array.from(rowsOf(labels).keys, (bits) => foldOf(bits, { folds: 2, seed: 1 }));
          const alone = folds.every((fold) => fold === folds[row]);
          // Where no other row is earlier, or in another fold, a row has the mean of all.
          const blind = (at: number) =>
            feature.training === 'earlierRows' ? at > 0 && at <= row : at === row && !alone;
          expect(after.filter((_, at) => blind(at))).toEqual(before.filter((_, at) => blind(at)));
        }
      ),
      { numRuns: 60 }
    );
  }
);

test('other features stay what the graph makes of them, whatever stands before and after', async () => {
  const columns = table({ s: textColumn(TEXTS), x: numberColumn(LABELS.map((_, row) => row % 4)) });
  const others: FeatureDefinition[] = [
    { transform: 'oneHot', column: 's', minCount: 1 },
    { transform: 'standardize', column: 'x' },
  ];
  const rows = rowsOf(LABELS);
  const all = await trainedOn([others[0]!, FEATURE, others[1]!], columns, rows);
  const alone = await trainedOn([FEATURE], columns, rows);
  const without = await denseRows(others, columns);
  expect(all).toEqual(without.map((row, i) => [...row.slice(0, 3), ...alone[i]!, ...row.slice(3)]));
});

test('reads what a transform names: combinations, hashes and buckets of numbers', async () => {
  const columns = table({ s: textColumn(TEXTS), x: numberColumn(LABELS.map((_, row) => row % 3)) });
  const of = (column: string): TargetMean => ({ ...IN_FOLDS, column });
  const direct = table({ both: textColumn(TEXTS.map((text, row) => `${text}${row % 3}`)) });
  const named: FeatureDefinition[] = [{ transform: 'cross', columns: ['s', 'x'], minCount: 1, as: 'both' }, of('both')];
  expect(await trainedOn(named, columns, rowsOf(LABELS))).toEqual(
    await trainedOn([of('both')], direct, rowsOf(LABELS))
  );
  const hashed: FeatureDefinition[] = [{ transform: 'hashing', columns: ['s'], buckets: 1_000_000, as: 'h' }, of('h')];
  expect(await trainedOn(hashed, columns, rowsOf(LABELS))).toEqual(await trainedOn([of('s')], columns, rowsOf(LABELS)));
});

test('numbers that are not whole and too many are sent to buckets', () => {
  const columns = table({ s: numberColumn(Array.from({ length: 3000 }, (_, i) => (i % 1500) + 0.5)) });
  const labels = new Float32Array(3000).fill(0).map((_, i) => i % 2);
  expect(() => fitFeatures(columns, [FEATURE], { labels })).toThrow(/1500 numbers.*quantileBuckets/);
});

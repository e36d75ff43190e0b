/** Features of one kind are emitted together: what each of them gives is what it gives alone. */
import fc from 'fast-check';
import { columnsOf, type FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import { denseWidth, type FittedFeatures, type FittedTransform } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { feedsOf } from '../../../src/engines/features/feeds';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { randomStream } from '../../../src/engines/train/random';
import { numberColumn, SILENT, table, textColumn, timeColumn, wordsColumn } from './tables';

const ROWS = 211;
const random = randomStream(5, 7, 0);
const share = () => random() / 2 ** 32;
const column = <T>(missing: T, value: () => T) =>
  Array.from({ length: ROWS }, () => (share() < 0.1 ? missing : value()));
const time = () => timeColumn(column<bigint | null>(null, () => BigInt(Math.floor((share() - 0.3) * 4e15))));
const number = () => numberColumn(column(Number.NaN, () => Math.round(40 * share() - 5) / 2));
const text = () => textColumn(column<string | null>(null, () => `T${Math.floor(6 * share() ** 2)}`));

const mail = () =>
  wordsColumn(
    column<string | null>(null, () => Array.from({ length: 9 }, () => `w${Math.floor(9 * share())}`).join(' '))
  );

const rows: TableColumns = table({
  ...{ t1: time(), t2: time(), t3: time() },
  ...{ x1: number(), x2: number(), x3: number() },
  ...{ s1: text(), s2: text(), s3: text() },
  ...{ m1: mail(), m2: mail(), m3: mail() },
});

const labels = Float32Array.from({ length: ROWS }, () => (share() < 0.3 ? 1 : 0));

const feature = fc.oneof(
  fc.record({
    transform: fc.constant('timeOfDayBuckets' as const),
    column: of('t'),
    buckets: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({
    transform: fc.constant('timeOfDayCycles' as const),
    column: of('t'),
    harmonics: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ transform: fc.constant('weekday' as const), column: of('t') }),
  fc.record({
    transform: fc.constantFrom(...(['standardize', 'logStandardize', 'robust', 'minMax', 'power'] as const)),
    column: of('x'),
  }),
  fc.record({ transform: fc.constant('log' as const), column: of('x'), plus: fc.constantFrom(0, 1, 6) }),
  fc.record({
    transform: fc.constant('clip' as const),
    column: of('x'),
    min: fc.constant(0),
    max: fc.constant({ quantile: 0.9 }),
  }),
  fc.record({
    transform: fc.constant('impute' as const),
    column: of('x'),
    with: fc.constantFrom('mean' as const, 'median' as const, -1),
  }),
  fc.record({ transform: fc.constant('isMissing' as const), column: fc.oneof(of('t'), of('x'), of('s'), of('m')) }),
  fc.record({
    transform: fc.constant('quantileBuckets' as const),
    column: of('x'),
    buckets: fc.integer({ min: 2, max: 9 }),
  }),
  fc.record({
    transform: fc.constant('arithmetic' as const),
    columns: fc.tuple(of('x'), of('x')),
    op: fc.constantFrom(...(['sum', 'difference', 'product', 'ratio'] as const)),
  }),
  fc.record({
    transform: fc.constant('datePart' as const),
    column: of('t'),
    part: fc.constantFrom(...(['hour', 'weekday', 'dayOfMonth', 'dayOfYear', 'month', 'quarter', 'year'] as const)),
  }),
  fc.record({
    transform: fc.constant('cycle' as const),
    column: of('x'),
    period: fc.constantFrom(7, 12.5),
    harmonics: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    transform: fc.constant('holiday' as const),
    column: of('t'),
    dates: fc.constantFrom(['12-25'], ['1970-01-01', '01-02']),
  }),
  fc.record({ transform: fc.constant('ordinal' as const), column: of('s'), order: fc.constant(['T3', 'T1', 'T0']) }),
  fc.record({
    transform: fc.constant('cross' as const),
    columns: fc.tuple(of('s'), of('x')),
    minCount: fc.constant(2),
  }),
  fc.record({
    transform: fc.constant('hashing' as const),
    columns: fc.tuple(of('s'), of('s')),
    buckets: fc.integer({ min: 2, max: 9 }),
  }),
  fc.record({
    transform: fc.constant('targetMean' as const),
    column: fc.oneof(of('x'), of('s')),
    smoothing: fc.constant(2),
    minCount: fc.constant(2),
    training: fc.constant('earlierRows' as const),
  }),
  fc.record({
    transform: fc.constant('arithmetic' as const),
    columns: fc.tuple(of('t'), of('t')),
    op: fc.constant('difference' as const),
  }),
  fc.record({
    transform: fc.constant('textNgrams' as const),
    column: of('m'),
    of: fc.constantFrom('words' as const, 'characters' as const),
    lengths: fc.constantFrom([1, 1] as const, [1, 3] as const, [2, 2] as const),
    minCount: fc.constant(3),
    maxFeatures: fc.constant(20),
  }),
  fc.record({
    transform: fc.constant('hashedNgrams' as const),
    column: of('m'),
    of: fc.constantFrom('words' as const, 'characters' as const),
    lengths: fc.constantFrom([1, 1] as const, [1, 3] as const, [2, 2] as const),
    buckets: fc.constantFrom(2, 19, 64),
  }),
  fc.record({ transform: fc.constant('oneHot' as const), column: fc.oneof(of('x'), of('s')), minCount: fc.constant(3) })
);

function of(type: 't' | 'x' | 's' | 'm') {
  return fc.constantFrom(`${type}1`, `${type}2`, `${type}3`);
}

async function dense(fitted: FittedFeatures): Promise<readonly (readonly number[])[]> {
  const made = await makeFeatures(featureGraph(fitted), fitted, rows, SILENT);
  const width = denseWidth(fitted);
  return Array.from({ length: ROWS }, (_, row) => [...made.dense.subarray(row * width, (row + 1) * width)]);
}

const kindOf = (each: FeatureDefinition) =>
  [each.transform, 'op' in each ? each.op : '', 'part' in each ? each.part : '', columnsOf(each)[0]![0]].join(' ');

test('any features together give the bits that each gives alone, kind by kind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(feature, { minLength: 1, maxLength: 12 }), async (features) => {
      const kinds = [...new Set(features.map(kindOf))];
      const byKind = kinds.flatMap((kind) => features.filter((each) => kindOf(each) === kind));
      const alone = await Promise.all(byKind.map((each) => dense(fitFeatures(rows, [each], { labels }))));
      const wanted = Array.from({ length: ROWS }, (_, row) => alone.flatMap((part) => part[row]!));
      expect(await dense(fitFeatures(rows, features, { labels }))).toEqual(wanted);
    }),
    { numRuns: 60 }
  );
});

const TWO_OF_EACH: readonly FeatureDefinition[] = [1, 2].flatMap((i): FeatureDefinition[] => [
  { transform: 'timeOfDayBuckets', column: `t${i}`, buckets: 24 * i },
  { transform: 'timeOfDayCycles', column: `t${i}`, harmonics: 1 + i },
  { transform: 'weekday', column: `t${i}` },
  { transform: 'standardize', column: `x${i}` },
  { transform: 'logStandardize', column: `x${i}` },
  { transform: 'oneHot', column: `x${i}`, minCount: 3 },
  { transform: 'oneHot', column: `s${i}`, minCount: 3 },
  { transform: 'robust', column: `x${i}` },
  { transform: 'minMax', column: `x${i}` },
  { transform: 'power', column: `x${i}` },
  { transform: 'log', column: `x${i}`, plus: 1 },
  { transform: 'clip', column: `x${i}`, max: 8 },
  { transform: 'impute', column: `x${i}`, with: 'median' },
  { transform: 'quantileBuckets', column: `x${i}`, buckets: 3 + i },
  { transform: 'datePart', column: `t${i}`, part: 'dayOfYear' },
  { transform: 'datePart', column: `t${i}`, part: 'month', as: `month${i}` },
  { transform: 'cycle', column: `month${i}`, period: 12, harmonics: 2 },
  { transform: 'holiday', column: `t${i}`, dates: ['12-24', '12-25', '2001-01-01'] },
  { transform: 'ordinal', column: `s${i}`, order: ['T3', 'T1', 'T0'] },
  { transform: 'cross', columns: [`s${i}`, `x${i}`, `month${i}`], minCount: 1 },
  { transform: 'hashing', columns: [`s${i}`, 's3'], buckets: 16 },
  { transform: 'targetMean', column: `s${i}`, smoothing: 3, minCount: 2, training: 'earlierRows' },
  { transform: 'targetMean', column: `x${i}`, smoothing: 3, minCount: 2, training: 'earlierRows' },
  { transform: 'targetMean', column: `month${i}`, smoothing: 3, minCount: 2, training: { folds: 3, seed: 1 } },
  { transform: 'isMissing', column: `s${i}` },
  { transform: 'isMissing', column: `m${i}` },
  { transform: 'textNgrams', column: `m${i}`, of: 'words', lengths: [1, 2], minCount: 2, maxFeatures: 40 * i },
  { transform: 'textNgrams', column: `m${i}`, of: 'characters', lengths: [3, 3], minCount: 2, maxFeatures: 9 },
  { transform: 'hashedNgrams', column: `m${i}`, of: 'words', lengths: [1, 3], buckets: 30 * i },
  { transform: 'isMissing', column: `x${i}` },
  { transform: 'isMissing', column: `t${i}` },
  { transform: 'arithmetic', columns: [`x${i}`, 'x3'], op: 'ratio', as: `ratio${i}` },
  { transform: 'power', column: `ratio${i}`, as: `power${i}` },
  { transform: 'quantileBuckets', column: `power${i}`, buckets: 5, as: `bucket${i}` },
  { transform: 'arithmetic', columns: [`power${i}`, `x${i}`], op: 'product' },
  { transform: 'oneHot', column: `bucket${i}`, minCount: 1 },
]);

test.each([1, 2, 7, 33])('a row among %i others has the bits that it has among all', async (batch) => {
  const fitted = fitFeatures(rows, TWO_OF_EACH, { labels });
  const graph = featureGraph(fitted);
  expect(batchDependentNodes(decodeModel(graph))).toEqual([]);
  const session = await openSession(graph);
  const inBatches = async (size: number) => {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < ROWS; from += size) {
      const feeds = feedsOf(rows, fitted.inputs, from, Math.min(ROWS, from + size));
      parts.push(bytesOf((await session.run(feeds)).dense!.data));
    }
    return Buffer.concat(parts).toString('base64');
  };
  expect(await inBatches(batch)).toBe(await inBatches(ROWS));
  await session.close();
});

test('a thousand columns of numbers take as many nodes as two', () => {
  const nodes = (columns: number) => {
    const names = Array.from({ length: columns }, (_, i) => `x${i}`);
    const transforms = names.flatMap((name): FittedTransform[] => [
      { transform: 'standardize', column: name, mean: 1, deviation: 2, fill: 0 },
      { transform: 'logStandardize', column: name, mean: 1, deviation: 2, fill: 0 },
      { transform: 'oneHot', column: name, categories: [1, 2, 3] },
    ]);
    const inputs = names.map((name) => ({ column: name, type: 'number' }) as const);
    return decodeModel(featureGraph({ v: 1, rows: 1, inputs, transforms })).graph!.node.length;
  };
  expect(nodes(1_000)).toBe(nodes(2));
  expect(nodes(2)).toBeLessThan(25);
});

/** A project of 1,000 features: its definition travels, its graph is small, and a row has the same bits alone and among others. */
import type { FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { feedsOf } from '../../../src/engines/features/feeds';
import { fitFeatures } from '../../../src/engines/features/fit';
import { denseWidth } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { randomStream } from '../../../src/engines/train/random';
import { checkProject } from '../../../src/project/define-project';
import { packDefinition } from '../../../src/runtime/packed-definition';
import { requirePayload } from '../../../src/runtime/payload';
import { numberColumn, SILENT, table, textColumn } from './tables';

const ROWS = 120;
const NUMBERS = 190;
const STRINGS = 50;

/** Five of each number, one of each string. */
function featuresOf(numbers: number, strings: number): FeatureDefinition[] {
  const ofNumbers = Array.from({ length: numbers }, (_, i) => `x${i}`).flatMap((column): FeatureDefinition[] => [
    { transform: 'impute', column, with: 'median' },
    { transform: 'clip', column, min: { quantile: 0.01 }, max: { quantile: 0.99 } },
    { transform: 'robust', column },
    { transform: 'minMax', column },
    { transform: 'isMissing', column },
  ]);
  const ofStrings = Array.from({ length: strings }, (_, i): FeatureDefinition => {
    return { transform: 'targetMean', column: `s${i}`, smoothing: 10, minCount: 2, training: { folds: 5, seed: 1 } };
  });
  return [...ofNumbers, ...ofStrings];
}

const FEATURES = featuresOf(NUMBERS, STRINGS);
const random = randomStream(2, 9, 0);
const share = () => random() / 2 ** 32;
const cells = <T>(missing: T, value: () => T) =>
  Array.from({ length: ROWS }, () => (share() < 0.1 ? missing : value()));
const rows = table({
  ...Object.fromEntries(
    Array.from({ length: NUMBERS }, (_, i) => [`x${i}`, numberColumn(cells(Number.NaN, () => 1e3 * share()))])
  ),
  ...Object.fromEntries(
    Array.from({ length: STRINGS }, (_, i) => [
      `s${i}`,
      textColumn(cells<string | null>(null, () => `v${Math.floor(9 * share())}`)),
    ])
  ),
});
const labels = Float32Array.from({ length: ROWS }, () => (share() < 0.4 ? 1 : 0));

test('its definition fits in a message', () => {
  const columns = Object.fromEntries(
    Object.keys(rows.columns).map((name) => [name, name.startsWith('x') ? 'number' : 'string'])
  );
  const { definition, mistakes } = checkProject({
    name: 'wide',
    source: {
      reader: { file: { path: 'wide.csv' } },
      columns: { ...columns, id: 'integer', answer: 'boolean' },
      key: ['id'],
    },
    label: { name: 'answer', labeler: { rule: { column: 'answer', op: '=', value: 'true' } } },
    features: FEATURES,
    approval: { approvers: ['ana'] },
  } as never);
  expect(mistakes).toEqual([]);
  expect(definition!.features).toHaveLength(1_000);
  const packed = packDefinition(definition!);
  expect(() => requirePayload('The definition', packed, '')).not.toThrow();
  expect(packed.gzip.length).toBeLessThan(16 * 1024);
});

test('its graph has as many nodes as one of two columns, and a look-up for each column of strings', () => {
  const nodes = (numbers: number, strings: number) => {
    const fitted = fitFeatures(rows, featuresOf(numbers, strings), { labels });
    return decodeModel(featureGraph(fitted)).graph!.node.length;
  };
  const two = nodes(2, 2);
  expect(two).toBeLessThan(50);
  expect(nodes(NUMBERS, STRINGS)).toBe(two + STRINGS - 2);
});

test('a row has the same bits alone and among all', async () => {
  const fitted = fitFeatures(rows, FEATURES, { labels });
  const graph = featureGraph(fitted);
  expect(denseWidth(fitted)).toBe(1_000);
  expect(batchDependentNodes(decodeModel(graph))).toEqual([]);
  const { dense } = await makeFeatures(graph, fitted, rows, SILENT);
  expect(dense.every(Number.isFinite)).toBe(true);
  const session = await openSession(graph);
  for (let row = 0; row < ROWS; row += 7) {
    const alone = (await session.run(feedsOf(rows, fitted.inputs, row, row + 1))).dense!.data;
    expect(alone).toEqual(dense.slice(row * 1_000, (row + 1) * 1_000));
  }
  await session.close();
});

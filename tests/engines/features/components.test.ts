/** The numbers of vectors as features: standardized or as they are, the same bits in every batch. */
import type { FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { feedsOf } from '../../../src/engines/features/feeds';
import { fitFeatures } from '../../../src/engines/features/fit';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { columnsRead } from '../../../src/engines/train/score-rows';
import { randomStream } from '../../../src/engines/train/random';
import { denseRows } from './dense-rows';
import { numberColumn, SILENT, table, vectorColumn } from './tables';

const VECTORS = [[1, 10, 7], null, [3, -10, 7], [8, 0.1, 7]];
const vectors = table({ v: vectorColumn(3, VECTORS) });
const feature = (scale: 'standardize' | 'none'): FeatureDefinition => ({ transform: 'components', column: 'v', scale });

test('as they are, and the mean of each in the place of a missing one', async () => {
  expect(await denseRows([feature('none')], vectors)).toEqual([
    [1, 10, 7],
    [4, Math.fround(0.1 / 3), 7],
    [3, -10, 7],
    [8, Math.fround(0.1), 7],
  ]);
});

test('standardized: each as a column of its own would be', async () => {
  const columns = [0, 1, 2].map((at) => numberColumn(VECTORS.map((row) => row?.[at] ?? Number.NaN)));
  const apart = table({ a: columns[0]!, b: columns[1]!, c: columns[2]! });
  const each = ['a', 'b', 'c'].map((column): FeatureDefinition => ({ transform: 'standardize', column }));
  const found = await denseRows([feature('standardize')], vectors);
  expect(found).toEqual(await denseRows(each, apart));
  expect(found[1]).toEqual([0, 0, 0]);
});

test('what is missing is seen, beside numbers and other vectors', async () => {
  const rows = table({
    v: vectorColumn(3, VECTORS),
    w: vectorColumn(1, [[1], [2], null, null]),
    x: numberColumn([1, Number.NaN, 1, 1]),
  });
  const features = ['x', 'v', 'w'].map((column): FeatureDefinition => ({ transform: 'isMissing', column }));
  expect(await denseRows(features, rows)).toEqual([
    [0, 0, 0],
    [1, 1, 0],
    [0, 0, 1],
    [0, 0, 1],
  ]);
});

test('a model says how wide its vectors are, and refuses a table of others', async () => {
  const fitted = fitFeatures(vectors, [feature('none')]);
  expect(fitted.inputs).toEqual([{ column: 'v', type: 'vector', width: 3 }]);
  const others = table({ v: vectorColumn(2, [[1, 2]]) });
  expect(() => feedsOf(others, fitted.inputs, 0, 1)).toThrow(/MLOPS_FEATURE_INVALID.*vector\(3\)/);
  const model = decodeModel(featureGraph(fitted));
  model.graph!.output[0]!.name = 'probability';
  expect(columnsRead(model)).toEqual(fitted.inputs);
});

test.each([1, 2, 7, 33])('a row among %i others has the bits that it has among all', async (batch) => {
  const random = randomStream(9, 2, 0);
  const share = () => random() / 2 ** 32;
  const many = Array.from({ length: 211 }, () =>
    share() < 0.1 ? null : Array.from({ length: 130 }, () => (share() - 0.5) * 10 ** Math.floor(9 * share()))
  );
  const rows = table({ v: vectorColumn(130, many), w: vectorColumn(130, [...many].reverse()) });
  const features: readonly FeatureDefinition[] = ['v', 'w'].flatMap((column): FeatureDefinition[] => [
    { transform: 'components', column, scale: 'standardize' },
    { transform: 'isMissing', column },
  ]);
  const fitted = fitFeatures(rows, features);
  const graph = featureGraph(fitted);
  expect(batchDependentNodes(decodeModel(graph))).toEqual([]);
  const whole = await makeFeatures(graph, fitted, rows, SILENT);
  expect(whole.width).toBe(262);
  const session = await openSession(graph);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < rows.rows; from += batch) {
    const { dense } = await session.run(feedsOf(rows, fitted.inputs, from, Math.min(rows.rows, from + batch)));
    parts.push(bytesOf(dense!.data));
  }
  await session.close();
  expect(Buffer.compare(Buffer.concat(parts), Buffer.from(whole.dense.buffer))).toBe(0);
});

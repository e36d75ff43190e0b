import { featureText } from '../../../src/domain/definition';
import { toBinary } from '@bufbuild/protobuf';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { feedsOf } from '../../../src/engines/features/feeds';
import { denseWidth, embeddingTables, type FittedFeatures } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from '../../../src/engines/onnx/generated/onnx_pb';
import { Graph } from '../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../src/engines/onnx/model';
import { metadataOf } from '../onnx/metadata';
import { operators } from '../../../src/engines/onnx/operators';
import { openSession } from '../../../src/engines/onnx/session';
import { bytesOf, float32, int64, sizeOf, type Tensor } from '../../../src/engines/onnx/tensor';
import { inferenceGraph } from '../../../src/engines/train/inference-graph';
import { output, parameterShapes } from '../../../src/engines/train/network';
import { columnsRead, scoreRows } from '../../../src/engines/train/score-rows';
import { type TrainedNetwork, trainNetwork } from '../../../src/engines/train/train-network';
import { SILENT, table, textColumn } from '../features/tables';
import { FEATURES, recordingContext, smallData, smallRun } from './small-run';

let fitted: FittedFeatures;
let trained: TrainedNetwork;
let model: Uint8Array;
const unseen = smallData(997, 2);
beforeAll(async () => {
  const run = await smallRun(smallData(1000), { hidden: [64, 64] });
  fitted = run.fitted;
  trained = await trainNetwork(run.request, recordingContext());
  model = inferenceGraph(fitted, trained);
});

const score = async (batch?: number) => (await scoreRows(model, unseen.table, { batch }, SILENT)).values;
const hex = (data: Float32Array) => Buffer.from(bytesOf(data)).toString('hex');

/** The network alone: features in, probability out. */
function networkAlone(): Uint8Array {
  const graph = new Graph('network');
  const o = operators(graph);
  const dense = graph.input('dense', 'float32', ['N', denseWidth(fitted)]);
  const indices = embeddingTables(fitted).map((_, i) => graph.input(`index${i}`, 'int64', ['N']));
  let offset = 0;
  const values = parameterShapes(trained.shape).map(({ dims }) => {
    offset += sizeOf(dims);
    return o.constant(float32(trained.parameters.subarray(offset - sizeOf(dims), offset), dims));
  });
  graph.output(o.squeeze(o.sigmoid(output(o, trained.shape, values, dense, indices)), 1, 'probability'));
  return encodeModel(graph);
}

test("the feature graph's nodes and constants stand unchanged at the model's beginning", () => {
  const features = decodeModel(featureGraph(fitted)).graph!;
  const whole = decodeModel(model).graph!;
  const bytes = (graph: typeof whole) => ({
    nodes: graph.node
      .slice(0, features.node.length)
      .map((node) => Buffer.from(toBinary(NodeProtoSchema, node)).toString('hex')),
    constants: graph.initializer
      .slice(0, features.initializer.length)
      .map((tensor) => Buffer.from(toBinary(TensorProtoSchema, tensor)).toString('hex')),
  });
  expect(bytes(whole)).toEqual(bytes(features));
});

test("the model's score is the network's on the feature graph's features, to the bit", async () => {
  const features = await makeFeatures(featureGraph(fitted), fitted, unseen.table, SILENT);
  const session = await openSession(networkAlone());
  const feeds: Record<string, Tensor> = { dense: float32(features.dense, [features.rows, features.width]) };
  features.indices.forEach((index, i) => {
    feeds[`index${i}`] = int64(index);
  });
  const results = await session.run(feeds);
  expect(hex(await score())).toBe(hex(results['probability']!.data as Float32Array));
  await session.close();
});

test('the features that the model computes inside are the training features, to the bit', async () => {
  const whole = decodeModel(model);
  whole.graph!.output.push(...decodeModel(featureGraph(fitted)).graph!.output);
  const session = await openSession(toBinary(ModelProtoSchema, whole));
  const inside = await session.run(feedsOf(unseen.table, fitted.inputs, 0, unseen.table.rows));
  const features = await makeFeatures(featureGraph(fitted), fitted, unseen.table, SILENT);
  expect(hex(inside.dense!.data as Float32Array)).toBe(hex(features.dense));
  expect(inside['index:place']!.data).toEqual(features.indices[0]);
  await session.close();
});

test.each([1, 2, 7, 33, 480])(
  'a row scored in batches of %i has the bits that it has among all rows',
  async (batch) => {
    expect(hex(await score(batch))).toBe(hex(await score(997)));
  }
);

test('uses operators of the batch-invariant list only', () => {
  expect(batchDependentNodes(decodeModel(model))).toEqual([]);
  expect(batchDependentNodes(decodeModel(featureGraph(fitted)))).toEqual([]);
});

test('the scores rank rows that it has not seen', async () => {
  const scores = await score();
  const mean = (label: number) => {
    const of = scores.filter((_, row) => unseen.labels[row] === label);
    return of.reduce((sum, x) => sum + x, 0) / of.length;
  };
  expect(scores.every((x) => x > 0 && x < 1)).toBe(true);
  expect(mean(1) - mean(0)).toBeGreaterThan(0.1);
});

test('says in the file what it is', () => {
  expect(metadataOf(decodeModel(model))).toEqual({
    'temporal-mlops.model': 'binary classifier',
    'temporal-mlops.features': JSON.stringify(FEATURES.map(featureText)),
    'temporal-mlops.hidden': '[64,64]',
  });
  expect(columnsRead(decodeModel(model))).toEqual([
    { column: 'at', type: 'timestamp' },
    { column: 'km', type: 'number' },
    { column: 'place', type: 'string' },
  ]);
});

test('the same run gives the same bytes', () => {
  expect(Buffer.from(inferenceGraph(fitted, trained))).toEqual(Buffer.from(model));
});

test('refuses a table without the columns, and a model that is no model of a run', async () => {
  const other = table({ place: textColumn(['P1']) });
  await expect(scoreRows(model, other, {}, SILENT)).rejects.toThrow(/MLOPS_FEATURE_INVALID.*lacks a column.*column=at/);
  await expect(scoreRows(featureGraph(fitted), unseen.table, {}, SILENT)).rejects.toThrow(/no output 'probability'/);
});

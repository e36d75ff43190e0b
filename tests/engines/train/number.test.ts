/** A network that learns a number: the label's unit changes nothing, and the model answers in it. */
import { decodeModel } from '../../../src/engines/onnx/model';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { inferenceGraph } from '../../../src/engines/train/inference-graph';
import { scoreRows, taskIn } from '../../../src/engines/train/score-rows';
import { trainNetwork } from '../../../src/engines/train/train-network';
import { SILENT } from '../features/tables';
import { recordingContext, type SmallData, smallData, smallRun } from './small-run';

/** Minutes by the distance and the place, without noise where both are there. */
function minutes(data: SmallData, unit = 1, from = 0): Float32Array {
  const km = data.table.columns['km'];
  if (km?.type !== 'number') throw new Error('km are numbers');
  return Float32Array.from(km.values, (each) => from + unit * (Number.isNaN(each) ? 100 : 30 + each / 10));
}

async function trained(unit: number, from: number) {
  const data = smallData(1000);
  const run = await smallRun(data, { hidden: [16], epochs: 30 });
  const request = { ...run.request, task: 'number' as const, labels: minutes(data, unit, from) };
  const network = await trainNetwork(request, recordingContext());
  const model = inferenceGraph(run.fitted, network);
  const unseen = smallData(500, 2);
  return { network, model, unseen, labels: minutes(unseen, unit, from) };
}

const explained = (scores: Float32Array, labels: Float32Array): number => {
  const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const squares = (of: (row: number) => number) => labels.reduce((sum, _, row) => sum + of(row) ** 2, 0);
  return 1 - squares((row) => scores[row]! - labels[row]!) / squares((row) => labels[row]! - mean);
};

test.each([
  [1, 0],
  [1000, 1e6],
  [1e-6, 0],
])('it explains rows that it has not seen, in a unit of %d from %d on', async (unit, from) => {
  const { model, unseen, labels, network } = await trained(unit, from);
  expect(explained((await scoreRows(model, unseen.table, {}, SILENT)).values, labels)).toBeGreaterThan(0.9);
  // The loss is in shares of the labels' variance, whatever their unit.
  expect(network.epochs.at(-1)!.loss).toBeLessThan(0.1);
});

test("the model's output is the prediction, and a row's doesn't depend on its batch", async () => {
  const { model, unseen } = await trained(1, 0);
  const graph = decodeModel(model);
  expect(taskIn(graph)).toBe('number');
  expect(graph.graph!.output.map(({ name }) => name)).toEqual(['prediction']);
  expect(batchDependentNodes(graph)).toEqual([]);
  const hex = (scores: Float32Array) => Buffer.from(bytesOf(scores)).toString('hex');
  const whole = hex((await scoreRows(model, unseen.table, {}, SILENT)).values);
  for (const batch of [1, 7]) expect(hex((await scoreRows(model, unseen.table, { batch }, SILENT)).values)).toBe(whole);
});

test('labels that are all the same teach nothing', async () => {
  const { request } = await smallRun(smallData(1000));
  const labels = new Float32Array(1000).fill(2.5);
  await expect(trainNetwork({ ...request, task: 'number', labels }, recordingContext())).rejects.toThrow(
    /MLOPS_ONE_CLASS: All labels of the training rows are 2.5/
  );
});

/** A network that learns classes: probabilities of each row that sum to 1, the same whatever its batch. */
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { likeliest } from '../../../src/domain/scores';
import { inferenceGraph } from '../../../src/engines/train/inference-graph';
import { requireTask, scoreRows, taskIn } from '../../../src/engines/train/score-rows';
import { trainNetwork } from '../../../src/engines/train/train-network';
import { SILENT } from '../features/tables';
import { recordingContext, type SmallData, smallData, smallRun } from './small-run';

const CLASSES = ['near', 'middle', 'far', 'unknown'];

/** By the distance; where that is missing it is the last one. */
function zones({ table }: SmallData): Float32Array {
  const km = table.columns['km'];
  if (km?.type !== 'number') throw new Error('km are numbers');
  return Float32Array.from(km.values, (each) => (Number.isNaN(each) ? 3 : each < 700 ? 0 : each < 1500 ? 1 : 2));
}

async function trained() {
  const data = smallData(1000);
  const run = await smallRun(data, { hidden: [16], epochs: 40 });
  const request = { ...run.request, task: { classes: CLASSES }, labels: zones(data) };
  const network = await trainNetwork(request, recordingContext());
  return { network, request, model: inferenceGraph(run.fitted, network) };
}

test('it knows the classes of rows that it has not seen, by probabilities that sum to 1', async () => {
  const { model, network } = await trained();
  const unseen = smallData(500, 2);
  const labels = zones(unseen);
  const scores = await scoreRows(model, unseen.table, {}, SILENT);
  expect(scores.width).toBe(4);
  const right = likeliest(scores).filter((place, row) => place === labels[row]).length;
  expect(right / 500).toBeGreaterThan(0.9);
  for (let row = 0; row < 500; row += 1) {
    const sum = scores.values.subarray(row * 4, row * 4 + 4).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 5);
  }
  const losses = network.epochs.map(({ loss }) => loss);
  // Before it has learned anything it gives each class about a quarter.
  expect(losses[0]).toBeLessThan(Math.log(4) + 0.3);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
});

test("the model's output is a probability for each class, and a row's doesn't depend on its batch", async () => {
  const { model } = await trained();
  const unseen = smallData(500, 2);
  const graph = decodeModel(model);
  expect(taskIn(graph)).toBe('classes');
  expect(batchDependentNodes(graph)).toEqual([]);
  const hex = async (batch?: number) =>
    Buffer.from(bytesOf((await scoreRows(model, unseen.table, { batch }, SILENT)).values)).toString('hex');
  const whole = await hex();
  for (const batch of [1, 7]) expect(await hex(batch)).toBe(whole);
});

test('a model of other classes is not taken', async () => {
  const graph = decodeModel((await trained()).model);
  expect(() => requireTask(graph, { classes: CLASSES })).not.toThrow();
  expect(() => requireTask(graph, { classes: CLASSES.slice(1) })).toThrow(
    /MODEL_INVALID: The model's output is 'probability' \[N, 4\], and the task is classes. Give it the output 'probability' \[N, 3\]/
  );
  expect(() => requireTask(graph, 'binary')).toThrow(/Give it the output 'probability' \[N\]/);
});

test('a run that was stopped and resumed has the bits of one that was not', async () => {
  const { request, network } = await trained();
  const context = recordingContext();
  await trainNetwork(request, context, { checkpointEveryMs: 0, stepsPerCall: 5 });
  const { file } = context.checkpoints[Math.floor(context.checkpoints.length / 2)]!;
  const again = await trainNetwork(request, recordingContext(), { resume: `${context.folder}/${file}` });
  expect(Buffer.from(bytesOf(again.parameters)).equals(Buffer.from(bytesOf(network.parameters)))).toBe(true);
});

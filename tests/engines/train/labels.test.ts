/** What learns several labels at once: each of them as if it were alone. */
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { decodeModel } from '../../../src/engines/onnx/model';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { lossOf as lossOfScores } from '../../../src/engines/stats/tasks/task';
import { inferenceGraph } from '../../../src/engines/train/inference-graph';
import { LOGISTIC, labelsLoss } from '../../../src/engines/train/loss';
import { randomStream } from '../../../src/engines/train/random';
import { requireTask, scoreRows } from '../../../src/engines/train/score-rows';
import { trainNetwork } from '../../../src/engines/train/train-network';
import { SILENT } from '../features/tables';
import { recordingContext, type SmallData, smallData, smallRun } from './small-run';

const LABELS = ['short', 'middling', 'unknown'];
const target = { labels: LABELS };

/** Distances overlap, and a missing one has neither of the first two. */
function zones({ table }: SmallData): Float32Array {
  const km = table.columns['km'];
  if (km?.type !== 'number') throw new Error('km are numbers');
  return Float32Array.from(km.values, (each) =>
    Number.isNaN(each) ? 4 : (each < 1000 ? 1 : 0) + (each >= 600 && each < 1500 ? 2 : 0)
  );
}

async function trained() {
  const data = smallData(1000);
  const run = await smallRun(data, { hidden: [16], epochs: 60 });
  const request = { ...run.request, task: target, labels: zones(data) };
  const network = await trainNetwork(request, recordingContext());
  return { network, request, model: inferenceGraph(run.fitted, network), table: data.table };
}

test('a network knows the labels of rows that it has not seen, also where two hold', async () => {
  const { model, network } = await trained();
  const unseen = smallData(500, 2);
  const labels = zones(unseen);
  expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3, 4]));
  const { width, values } = await scoreRows(model, unseen.table, {}, SILENT);
  expect(width).toBe(3);
  const right = Array.from(values).filter(
    (p, at) => (p >= 0.5 ? 1 : 0) === ((labels[Math.floor(at / 3)]! >> (at % 3)) & 1)
  );
  expect(right.length / 1500).toBeGreaterThan(0.9);
  const losses = network.epochs.map(({ loss }) => loss);
  // Before it has learned anything it gives each label about a half.
  expect(losses[0]).toBeLessThan(Math.log(2) + 0.2);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
});

test('what it trains and validates by is the metric logLoss', async () => {
  const data = smallData(1000);
  const run = await smallRun(data, { hidden: [16], epochs: 1 });
  const labels = zones(data);
  const validation = { ...run.request.features, labels };
  const network = await trainNetwork({ ...run.request, task: target, labels, validation }, recordingContext());
  const { values } = await scoreRows(inferenceGraph(run.fitted, network), data.table, {}, SILENT);
  const loss = lossOfScores(target);
  const mean = labels.reduce((sum, label, row) => sum + loss.of(values, row * 3, label), 0) / labels.length;
  expect(network.epochs[0]!.validationLoss).toBeCloseTo(mean, 5);
});

test("the model's output is a probability for each label, and a row's doesn't depend on its batch", async () => {
  const { model } = await trained();
  const unseen = smallData(500, 2);
  const graph = decodeModel(model);
  expect(() => requireTask(graph, target)).not.toThrow();
  expect(() => requireTask(graph, { labels: ['one', 'two'] })).toThrow(
    /MODEL_INVALID: The model's output is 'probability' \[N, 3\], and the task is labels. Give it the output 'probability' \[N, 2\]/
  );
  expect(batchDependentNodes(graph)).toEqual([]);
  const hex = async (batch?: number) =>
    Buffer.from(bytesOf((await scoreRows(model, unseen.table, { batch }, SILENT)).values)).toString('hex');
  const whole = await hex();
  for (const batch of [1, 7]) expect(await hex(batch)).toBe(whole);
});

test('a run that was stopped and resumed has the bits of one that was not', async () => {
  const { request, network } = await trained();
  const context = recordingContext();
  await trainNetwork(request, context, { checkpointEveryMs: 0, stepsPerCall: 5 });
  const { file } = context.checkpoints[Math.floor(context.checkpoints.length / 2)]!;
  const again = await trainNetwork(request, recordingContext(), { resume: `${context.folder}/${file}` });
  expect(Buffer.from(bytesOf(again.parameters)).equals(Buffer.from(bytesOf(network.parameters)))).toBe(true);
});

describe('the loss that trees and linear models are fitted against', () => {
  const ROWS = 40;
  const WIDTH = 24;
  const random = randomStream(5, 1, 0);
  const scores = Float64Array.from({ length: ROWS * WIDTH }, () => (random() / 2 ** 32) * 6 - 3);
  const labels = Float32Array.from({ length: ROWS }, () => random() >>> 8);
  const loss = labelsLoss(WIDTH);
  const newDerivatives = () => ({ gradient: new Float64Array(ROWS), hessian: new Float64Array(ROWS) });

  test('is that of each label as one of two outcomes, to the bit', () => {
    const into = Array.from({ length: WIDTH }, newDerivatives);
    const mean = loss.derivatives(scores, labels, into);
    expect(mean).toBe(loss.mean(scores, labels));
    const start = loss.start(labels);
    let sum = 0;
    for (let place = 0; place < WIDTH; place += 1) {
      const alone = newDerivatives();
      const own = scores.filter((_, at) => at % WIDTH === place);
      const truths = labels.map((label) => (label >>> place) & 1);
      sum += LOGISTIC.derivatives(own, truths, [alone]);
      expect(into[place]).toEqual(alone);
      expect(start[place]).toBeCloseTo(LOGISTIC.start(truths)[0]!, 12);
    }
    expect(mean).toBeCloseTo(sum / WIDTH, 12);
  });

  test('has the derivatives of its value times its share, by central differences', () => {
    const into = Array.from({ length: WIDTH }, newDerivatives);
    loss.derivatives(scores, labels, into);
    const step = 1e-4;
    for (const at of [0, 23, 24, 500, ROWS * WIDTH - 1]) {
      const moved = (by: number) =>
        loss.share *
        ROWS *
        loss.mean(
          scores.map((z, i) => (i === at ? z + by : z)),
          labels
        );
      const [row, place] = [Math.floor(at / WIDTH), at % WIDTH];
      expect(into[place]!.gradient[row]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
      expect(into[place]!.hessian[row]).toBeCloseTo((moved(step) - 2 * moved(0) + moved(-step)) / step ** 2, 4);
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinearSpec } from '../../../src/domain/definition';
import { kindOf, type Target } from '../../../src/domain/task';
import { type LinearRequest, trainLinear } from '../../../src/engines/linear/train-linear';
import { type Begun, readCheckpointFile, writeCheckpointFile } from '../../../src/engines/train/checkpoint-file';
import { smallColumns } from '../trees/small-trees';
import { recordingContext } from '../train/small-run';

const SPEC: LinearSpec = { l1: 0, l2: 1, poisson: false, steps: 1000, tolerance: 1e-9 };
const CLASSES = { classes: ['a', 'b', 'c'] };

interface Solution {
  readonly task: 'binary' | 'classes' | 'number';
  readonly scaled: boolean;
  readonly spec: Partial<LinearSpec>;
  readonly labels: string;
  readonly weights: readonly (readonly number[])[];
  readonly biases: readonly number[];
}

const peer = JSON.parse(readFileSync(join(__dirname, 'peer.json'), 'utf8')) as {
  readonly features: readonly (readonly number[])[];
  readonly scaled: readonly (readonly number[])[];
  readonly labels: Readonly<Record<string, readonly number[]>>;
  readonly solutions: readonly Solution[];
};

function rowsOf(features: readonly (readonly number[])[], labels: readonly number[]): LinearRequest['data'] {
  const dense = Float32Array.from(features.flat());
  return { rows: labels.length, width: features[0]!.length, dense, labels: Float32Array.from(labels) };
}

/** Two columns of small-trees' rows, without what is missing. */
function twoColumns(rows: number): LinearRequest {
  const { dense, labels, width } = smallColumns(rows);
  const data = Float32Array.from({ length: rows * 2 }, (_, i) => dense[(i >> 1) * width + (i & 1)]!);
  return { data: { rows, width: 2, dense: data, labels }, task: 'binary', linear: SPEC };
}

test.each(peer.solutions.map((solution) => [solution.labels, JSON.stringify(solution.spec), solution] as const))(
  "of the task's labels %s with %s the weights are scikit-learn's",
  async (_, __, { task, scaled, spec, labels, weights, biases }) => {
    const request = {
      data: rowsOf(scaled ? peer.scaled : peer.features, peer.labels[labels]!),
      task: task === 'classes' ? CLASSES : task,
      linear: { ...SPEC, ...spec },
    };
    const trained = await trainLinear(request, recordingContext());
    expect(trained.converged).toBe(true);
    const found = Array.from(trained.parameters);
    const outputs = biases.length;
    // Softmax takes its biases' differences alone.
    const shift = outputs === 1 ? 0 : found.slice(-outputs).reduce((sum, each) => sum + each, 0) / outputs;
    const centred = (values: readonly number[]) => values.map((each) => each - shift);
    const expected = [...weights.flat(), ...biases];
    const given = [...found.slice(0, -outputs), ...centred(found.slice(-outputs))];
    const scale = Math.max(1, ...expected.map(Math.abs));
    const off = Math.max(...given.map((each, i) => Math.abs(each - expected[i]!)));
    expect(off / scale).toBeLessThan(1e-6);
    // What the penalty takes out is 0, not small.
    weights.flat().forEach((weight, i) => expect(given[i] === 0).toBe(weight === 0));
  }
);

test('a penalty that outweighs every slope leaves the biases, which fit the baseline', async () => {
  const request = twoColumns(300);
  const { parameters, epochs, converged } = await trainLinear(
    { ...request, linear: { ...SPEC, l1: 1e6 } },
    recordingContext()
  );
  const rate = request.data.labels.reduce((sum, label) => sum + label, 0) / 300;
  expect(Array.from(parameters.subarray(0, 2))).toEqual([0, 0]);
  expect(parameters[2]).toBeCloseTo(Math.log(rate / (1 - rate)), 14);
  expect([epochs.length, converged]).toEqual([1, true]);
});

test("a column's unit doesn't matter where nothing is penalised", async () => {
  const { data, ...rest } = twoColumns(300);
  const linear = { ...SPEC, l2: 0 };
  const inMillions = { ...data, dense: data.dense.map((each, i) => (i % 2 === 0 ? each * 2 ** 20 : each)) };
  const one = await trainLinear({ ...rest, data, linear }, recordingContext());
  const other = await trainLinear({ ...rest, data: inMillions, linear }, recordingContext());
  expect(other.epochs.at(-1)!.loss).toBeCloseTo(one.epochs.at(-1)!.loss, 12);
  expect(other.parameters[0]! * 2 ** 20).toBeCloseTo(one.parameters[0]!, 7);
});

test('columns that say the same share the weight, and constant ones do no harm', async () => {
  const { data, ...rest } = twoColumns(300);
  const dense = Float32Array.from(
    { length: 300 * 4 },
    (_, i) => [data.dense[(i >> 2) * 2]!, data.dense[(i >> 2) * 2]!, 0, 5][i & 3]!
  );
  const { parameters, converged } = await trainLinear(
    { ...rest, data: { ...data, width: 4, dense } },
    recordingContext()
  );
  expect(converged).toBe(true);
  expect(parameters[1]).toBeCloseTo(parameters[0]!, 8);
  expect(parameters[2]).toBe(0);
  expect(parameters[3]).toBeCloseTo(0, 10);
});

test('rows that a line separates have no best weights without a penalty: training ends after its steps', async () => {
  const labels = [0, 0, 0, 1, 1, 1];
  const data = rowsOf(
    labels.map((label, i) => [label * 2 - 1, i]),
    labels
  );
  const { converged, epochs, parameters } = await trainLinear(
    { data, task: 'binary', linear: { ...SPEC, l2: 0, steps: 5, tolerance: 1e-12 } },
    recordingContext()
  );
  expect([converged, epochs.length]).toEqual([false, 6]);
  expect(parameters.every(Number.isFinite)).toBe(true);
});

describe.each([
  ['binary', {}],
  ['binary', { l1: 2 }],
  [CLASSES, { l1: 1 }],
  ['number', { poisson: true }],
] as readonly (readonly [Target, Partial<LinearSpec>])[])('%j %j', (task, spec) => {
  const labels = typeof task === 'string' ? (task === 'number' ? 'count' : task) : 'classes';
  const request = {
    data: rowsOf(peer.features, peer.labels[labels]!),
    task,
    linear: { ...SPEC, ...spec },
  };

  test('gone on with from any checkpoint it ends with the same bits', async () => {
    const context = recordingContext();
    const whole = await trainLinear(request, context, { checkpointEveryMs: 0 });
    expect(context.checkpoints.length).toBeGreaterThan(5);
    for (const { file } of context.checkpoints) {
      const resumed = await trainLinear(request, recordingContext(), { resume: join(context.folder, file) });
      expect(resumed).toEqual(whole);
    }
  });

  test('the loss falls from the baseline on', async () => {
    const { epochs } = await trainLinear(request, recordingContext());
    const losses = epochs.map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(kindOf(task)).toBeDefined();
  });
});

test('a checkpoint of other rows or another spec is refused, and one of another environment is gone on with as mixed', async () => {
  const context = recordingContext();
  const request = twoColumns(200);
  await trainLinear(request, context, { checkpointEveryMs: 0 });
  const path = join(context.folder, context.checkpoints[0]!.file);
  const resume = { resume: path };
  const other = { ...request, linear: { ...SPEC, l2: 2 } };
  await expect(trainLinear(other, recordingContext(), resume)).rejects.toThrow('MLOPS_CHECKPOINT_INVALID');
  const run = /"run":"(sha256:[0-9a-f]+)"/.exec(readFileSync(path, 'latin1'))![1]!;
  const { header, numbers } = await readCheckpointFile<Begun>(path, run);
  const elsewhere = recordingContext();
  const environment = { ...header.environment, isa: 'other' };
  const file = await writeCheckpointFile(elsewhere.folder, 1, { ...header, environment }, [new Float64Array(numbers)]);
  const resumed = await trainLinear(request, recordingContext(), { resume: join(elsewhere.folder, file) });
  expect(resumed.numerics).toBe('mixed');
});

test('long work says where it is between rows, too', async () => {
  const context = recordingContext();
  await trainLinear(twoColumns(400_000), context);
  expect(context.notes.length).toBeGreaterThan(3);
  expect(context.notes[0]!.note).toMatch(/^step \d+ of at most 1000/);
});

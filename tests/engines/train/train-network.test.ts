import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from '../../../src/engines/onnx/tensor';
import { readCheckpoint, writeCheckpoint } from '../../../src/engines/train/checkpoint';
import { epochsFor } from '../../../src/engines/train/epochs';
import { initialParameters, parameterShapes } from '../../../src/engines/train/network';
import {
  type TrainedNetwork,
  type TrainOptions,
  type TrainRequest,
  trainNetwork,
} from '../../../src/engines/train/train-network';
import { referenceTraining } from './reference-training';
import { recordingContext, type SmallRun, smallData, smallRun } from './small-run';

const digest = ({ parameters, epochs }: TrainedNetwork) =>
  createHash('sha256').update(bytesOf(parameters)).update(JSON.stringify(epochs)).digest('hex');
const train = (request: TrainRequest, options?: TrainOptions) => trainNetwork(request, recordingContext(), options);

let run: SmallRun;
let undisturbed: TrainedNetwork;
beforeAll(async () => {
  run = await smallRun(smallData(1000));
  undisturbed = await train(run.request);
});

test('learns: the loss of every epoch is lower than the one before', () => {
  const losses = undisturbed.epochs.map(({ loss }) => loss);
  expect(undisturbed.epochs).toHaveLength(3);
  expect(losses[1]).toBeLessThan(losses[0]!);
  expect(losses[2]).toBeLessThan(losses[1]!);
});

test.each([[[]], [[5]], [[6, 4]]])(
  'agrees with the same training written out in double precision, hidden %j',
  async (hidden) => {
    const { request } = await smallRun(smallData(300, 3), { hidden, batch: 64, epochs: 2 });
    const balanced: TrainRequest = { ...request, network: { ...request.network, classWeights: 'balanced' } };
    for (const weighted of [request, balanced]) {
      const trained = await train(weighted);
      const reference = referenceTraining(weighted);
      const distances = trained.parameters.map((x, i) => Math.abs(x - reference.parameters[i]!));
      expect(Math.max(...distances)).toBeLessThan(2e-5);
      trained.epochs.forEach(({ loss }, i) => expect(loss).toBeCloseTo(reference.losses[i]!, 6));
    }
  }
);

test.each([1, 3, 7, 32, 1000])('gives the same bits in calls of %i steps', async (stepsPerCall) => {
  expect(digest(await train(run.request, { stepsPerCall }))).toBe(digest(undisturbed));
});

test('gives the same bits while other runs go on beside it', async () => {
  const digests = (await Promise.all([1, 2, 3].map(() => train(run.request, { stepsPerCall: 2 })))).map(digest);
  expect(new Set(digests)).toEqual(new Set([digest(undisturbed)]));
});

test('a run resumed at any end of an epoch gives the bits of an undisturbed one', async () => {
  const context = recordingContext();
  await trainNetwork(run.request, context);
  expect(context.checkpoints.map(({ step }) => step)).toEqual([32, 64, 96]);
  for (const { file } of context.checkpoints) {
    const resumed = await train(run.request, { resume: join(context.folder, file) });
    expect(digest(resumed)).toBe(digest(undisturbed));
    expect(resumed.numerics).toBe('exact');
  }
});

test.each([1, 17, 50, 95])(
  'a run killed at step %i and resumed gives the bits of an undisturbed one',
  async (killAt) => {
    let steps = 0;
    const dying = recordingContext(({ note }) => {
      if (!note.endsWith('shuffled')) steps += 1;
      if (steps === killAt) throw new Error('killed');
    });
    // Without a wait between checkpoints every call is one.
    await expect(trainNetwork(run.request, dying, { stepsPerCall: 1, checkpointEveryMs: 0 })).rejects.toThrow('killed');
    const last = dying.checkpoints.at(-1);
    expect(last?.step).toBe(killAt === 1 ? undefined : killAt - 1);
    const resume = last === undefined ? undefined : join(dying.folder, last.file);
    expect(digest(await train(run.request, { resume }))).toBe(digest(undisturbed));
  }
);

test('the seed changes both the first parameters and the order of the rows', async () => {
  const other = { ...run.request, network: { ...run.request.network, seed: 8 } };
  expect(digest(await train(other))).not.toBe(digest(undisturbed));
  const shapes = parameterShapes(undisturbed.shape);
  expect(initialParameters(shapes, 7)).not.toEqual(initialParameters(shapes, 8));
});

test('the unknown category is trained where rare ones stand for it, and stays at 0 where none does', async () => {
  const unknown = ({ parameters }: TrainedNetwork) => [...parameters.subarray(0, 3)];
  expect(unknown(undisturbed).every((x) => x !== 0)).toBe(true);
  const indices = run.request.features.indices.map((index) => index.map((row) => (row === 0n ? 1n : row)));
  const allKnown = { ...run.request, features: { ...run.request.features, indices } };
  expect(unknown(await train(allKnown))).toEqual([0, 0, 0]);
});

test('trains on embeddings alone', async () => {
  const features = { ...run.request.features, width: 0, dense: new Float32Array(0) };
  const trained = await train({ ...run.request, features });
  expect(trained.parameters).toHaveLength(initialParameters(parameterShapes(trained.shape), 7).length);
});

test('reports epoch, loss and rows as it goes', async () => {
  const context = recordingContext();
  await trainNetwork(run.request, context, { stepsPerCall: 20 });
  expect(context.notes.map(({ done }) => done)).toEqual([0, 640, 1000, 1000, 1640, 2000, 2000, 2640, 3000]);
  expect(context.notes.at(-1)).toMatchObject({
    total: 3000,
    note: expect.stringMatching(/^epoch 3 of 3, loss 0\.\d{4}$/),
  });
});

describe('what can not be trained', () => {
  test('labels of one class', async () => {
    const labels = new Float32Array(1000);
    await expect(train({ ...run.request, labels })).rejects.toThrow(
      /MLOPS_ONE_CLASS: All labels .* are 0. \[rows=1000\]/
    );
  });

  test.each([
    [Number.NaN, /MLOPS_LABEL_INVALID: A label is NaN.*\[row=12\]/],
    [0.5, /MLOPS_LABEL_INVALID: A label is 0.5.*\[row=12\]/],
  ])('a label that is %p', async (label, message) => {
    const labels = run.request.labels.slice();
    labels[12] = label;
    await expect(train({ ...run.request, labels })).rejects.toThrow(message);
  });

  test('a learning rate that diverges is said, and the checkpoints before are whole', async () => {
    const network = { ...run.request.network, learningRate: 1e18, hidden: [8, 8, 8] };
    const context = recordingContext();
    const training = trainNetwork({ ...run.request, network }, context, { stepsPerCall: 1, checkpointEveryMs: 0 });
    await expect(training).rejects.toThrow(/MLOPS_TRAINING_DIVERGED.*epoch=1.*learningRate=1000000000000000000.*Lower/);
    expect(context.checkpoints.length).toBeGreaterThan(0);
    for (const { file } of context.checkpoints) {
      const path = join(context.folder, file);
      const { state } = await readCheckpoint(path, JSON.parse(headerOf(path)).run);
      expect(state.parameters.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('a checkpoint', () => {
  async function checkpoint(): Promise<string> {
    const context = recordingContext();
    await trainNetwork(run.request, context);
    return join(context.folder, context.checkpoints[0]!.file);
  }

  test('of other rows, or another seed, is refused', async () => {
    const resume = await checkpoint();
    const other = { ...run.request, network: { ...run.request.network, seed: 8 } };
    await expect(train(other, { resume })).rejects.toThrow(/MLOPS_CHECKPOINT_INVALID.*another run/);
    const labels = run.request.labels.map((label, i) => (i === 0 ? 1 - label : label));
    await expect(train({ ...run.request, labels }, { resume })).rejects.toThrow(/another run/);
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -100), /damaged/],
    ['changed in one bit', (bytes: Buffer) => bytes.fill(bytes[900]! ^ 1, 900, 901), /damaged/],
    ['another kind of file', () => Buffer.alloc(100), /not a checkpoint/],
    ['of a later version', (bytes: Buffer) => bytes.fill(9, 8, 9), /version 9/],
  ])('that is %s is refused', async (_, change, message) => {
    const file = await checkpoint();
    writeFileSync(file, change(readFileSync(file)));
    await expect(train(run.request, { resume: file })).rejects.toThrow(message);
  });

  test('of another kind of machine makes the run mixed, also after it was resumed again', async () => {
    const file = await checkpoint();
    const context = recordingContext();
    const read = await readCheckpoint(file, JSON.parse(headerOf(file)).run);
    const foreign = await writeCheckpoint(context.folder, {
      ...read,
      environment: { ...read.environment, isa: 'sse2' },
    });
    const resumed = await trainNetwork(run.request, context, { resume: join(context.folder, foreign) });
    expect(resumed.numerics).toBe('mixed');
    const again = await train(run.request, { resume: join(context.folder, context.checkpoints[0]!.file) });
    expect(again.numerics).toBe('mixed');
  });
});

function headerOf(file: string): string {
  const bytes = readFileSync(file);
  return bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12));
}

test.each([
  [393_569, 4],
  [1_000_000, 4],
  [1_000_001, 3],
  [2_000_000, 2],
  [2_000_001, 1],
  [9_000_000, 1],
])('%i rows are seen %i times when at most 4 million may be', (rows, epochs) => {
  expect(epochsFor({ epochs: 4, maxRowsSeen: 4_000_000 }, rows)).toBe(epochs);
});

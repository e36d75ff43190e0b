/** A network's options: PyTorch's own numbers, and runs that are the same to the bit wherever they are stopped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkSpec } from '../../../src/domain/definition';
import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { Graph, type Value } from '../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../src/engines/onnx/model';
import { type Operators, operators } from '../../../src/engines/onnx/operators';
import { openSession } from '../../../src/engines/onnx/session';
import { float32, float64, type Tensor } from '../../../src/engines/onnx/tensor';
import { inferenceGraph } from '../../../src/engines/train/inference-graph';
import { activate, dropped, normalized } from '../../../src/engines/train/layers';
import { type OptimizerSpec, optimized } from '../../../src/engines/train/optimizer';
import { rateAt } from '../../../src/engines/train/schedule';
import { scoreRows } from '../../../src/engines/train/score-rows';
import { trainNetwork } from '../../../src/engines/train/train-network';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { SILENT } from '../features/tables';
import { recordingContext, smallData, smallRun } from './small-run';

const peer = JSON.parse(readFileSync(join(__dirname, 'options-peer.json'), 'utf8')) as {
  readonly start: number[];
  readonly gradients: number[][];
  readonly optimizers: { readonly spec: OptimizerSpec; readonly steps: number[][] }[];
  readonly schedules: { readonly spec: Pick<NetworkSpec, 'schedule' | 'warmUp'>; readonly rates: number[] }[];
  readonly layers: Readonly<Record<'x' | 'gelu' | 'tanh' | 'relu' | 'layer', number[][]>> &
    Readonly<Record<'gain' | 'shift', number[]>>;
};

/** The largest difference; of another length none is small. */
function distance(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(...expected.map((each, i) => Math.abs(each - found[i]!)));
}

async function computed(
  build: (graph: Graph, o: Operators) => readonly Value[],
  feeds: Record<string, Tensor> = {}
): Promise<readonly Float32Array[]> {
  const graph = new Graph('computed');
  for (const value of build(graph, operators(graph))) graph.output(value);
  const session = await openSession(encodeModel(graph));
  const results = await session.run(feeds);
  await session.close();
  return graph.outputs.map(({ name }) => results[name]!.data as Float32Array);
}

test.each(peer.optimizers.map((each) => [JSON.stringify(each.spec), each] as const))(
  'steps of %s are those of PyTorch',
  async (_, { spec, steps }) => {
    let state: Record<'parameters' | 'mean' | 'square', Float32Array> & { step: number } = {
      step: 0,
      parameters: Float32Array.from(peer.start),
      mean: new Float32Array(6),
      square: new Float32Array(6),
    };
    for (const [i, expected] of steps.entries()) {
      const [step, parameters, mean, square] = await computed(
        (graph, o) => {
          const vector = (name: string) => graph.input(name, 'float32', [6]);
          const given = {
            step: graph.input('step', 'float64', []),
            parameters: vector('parameters'),
            mean: vector('mean'),
          };
          const gradient = vector('gradient');
          const rate = o.scalar(0.1, 'float64');
          const decays = () => o.constant(float32(new Float32Array(6).fill(1)));
          const next = optimized(o, spec, { ...given, square: vector('square') }, { gradient, rate, decays });
          return [next.step, next.parameters, next.mean, next.square];
        },
        {
          step: float64([state.step], []),
          parameters: float32(state.parameters),
          mean: float32(state.mean),
          square: float32(state.square),
          gradient: float32(peer.gradients[i]!),
        }
      );
      state = { step: step![0]!, parameters: parameters!, mean: mean!, square: square! };
      expect(state.step).toBe(i + 1);
      expect(distance(state.parameters, expected)).toBeLessThan(2e-6);
    }
  }
);

test.each(peer.schedules.map((each) => [JSON.stringify(each.spec), each] as const))(
  'the step sizes of %s are those of PyTorch',
  (_, { spec, rates }) => {
    const rate = rateAt({ learningRate: 0.1, ...spec }, rates.length);
    const found = rates.map((__, step) => rate(step));
    expect(distance(found, rates)).toBeLessThan(1e-12);
  }
);

test('a constant step size is reached at the end of the warm-up', () => {
  const rate = rateAt({ learningRate: 0.5, schedule: 'constant', warmUp: 0.4 }, 10);
  expect(Array.from({ length: 10 }, (_, step) => rate(step))).toEqual([0.125, 0.25, 0.375, ...Array(7).fill(0.5)]);
});

test.each(['oneCycle', 'cosine', 'constant'] as const)('%s has a step size for a run of one step', (schedule) => {
  expect(rateAt({ learningRate: 0.1, schedule, warmUp: 0 }, 1)(0)).toBeCloseTo(0.1, 12);
});

test('activations and layer normalization are those of PyTorch', async () => {
  const { layers } = peer;
  const results = await computed((_, o) => {
    const x = o.constant(float32(layers.x.flat(), [4, 5]));
    const [gain, shift] = [o.constant(float32(layers.gain)), o.constant(float32(layers.shift))];
    const activated = (['gelu', 'tanh', 'relu'] as const).map((kind) => activate(o, kind, x));
    return [...activated, normalized(o, x, gain, shift)];
  });
  const expected = [layers.gelu, layers.tanh, layers.relu, layers.layer];
  results.forEach((found, i) => expect(distance(found, expected[i]!.flat())).toBeLessThan(2e-6));
});

describe('dropout', () => {
  const [ROWS, COLUMNS] = [256, 96];
  const mask = async (step: number, seed = 5, share = 0.3) => {
    const [found] = await computed(
      (graph, o) => {
        const ones = o.constant(float32(new Float32Array(ROWS * COLUMNS).fill(1), [ROWS, COLUMNS]));
        return [dropped(o, ones, { share, step: graph.input('step', 'float64', []), seed })];
      },
      { step: float64([step], []) }
    );
    return found!;
  };
  const zeros = (values: Float32Array) => values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);

  test('leaves out the share that was asked for, and scales up what stays', async () => {
    const values = await mask(0);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    const expected = 0.3 * ROWS * COLUMNS;
    // Three standard deviations of so many throws.
    expect(Math.abs(zeros(values) - expected)).toBeLessThan(3 * Math.sqrt(expected * 0.7));
  });

  test('rows, columns and steps fall independently: what two share is what chance has them share', async () => {
    const [one, next, otherSeed] = await Promise.all([mask(7), mask(8), mask(7, 6)]);
    const both = (a: Float32Array, b: Float32Array) =>
      a.reduce((n, value, i) => n + (value === 0 && b[i] === 0 ? 1 : 0), 0);
    const expected = 0.09 * ROWS * COLUMNS;
    const within = 4 * Math.sqrt(expected * 0.91);
    expect(Math.abs(both(one!, next!) - expected)).toBeLessThan(within);
    expect(Math.abs(both(one!, otherSeed!) - expected)).toBeLessThan(within);
    const shifted = (by: number) => one!.map((_, i) => one![(i + by) % one!.length]!);
    for (const by of [1, COLUMNS, COLUMNS + 1, 2 * COLUMNS])
      expect(Math.abs(both(one!, shifted(by)) - expected)).toBeLessThan(within);
  });

  test('is a function of seed and step: a new session leaves out the same', async () => {
    expect(await mask(123_456)).toEqual(await mask(123_456));
    expect(await mask(123_456)).not.toEqual(await mask(123_457));
  });
});

const OPTIONS: readonly Partial<NetworkSpec>[] = [
  {
    activation: 'gelu',
    normalization: 'layer',
    dropout: 0.3,
    optimizer: 'adamw',
    weightDecay: 0.05,
    schedule: 'oneCycle',
  },
  {
    activation: 'tanh',
    residual: true,
    optimizer: 'sgd',
    learningRate: 0.1,
    schedule: 'cosine',
    warmUp: 0.1,
    clipNorm: 1,
  },
  { hidden: [8, 8, 8, 8, 8], residual: true, normalization: 'layer', initialWeights: 'he', classWeights: 'balanced' },
];

describe.each(OPTIONS.map((options) => [JSON.stringify(options), options] as const))('%s', (_, options) => {
  test('learns, and gives the same bits in calls of any length and from any checkpoint', async () => {
    const { request } = await smallRun(smallData(600), options);
    const context = recordingContext();
    const whole = await trainNetwork(request, context, { stepsPerCall: 5, checkpointEveryMs: 0 });
    expect(whole.epochs.at(-1)!.loss).toBeLessThan(whole.epochs[0]!.loss);
    const other = await trainNetwork(request, recordingContext(), { stepsPerCall: 13 });
    expect(other.parameters).toEqual(whole.parameters);
    expect(context.checkpoints.length).toBeGreaterThan(5);
    for (const { file } of context.checkpoints) {
      const resumed = await trainNetwork(request, recordingContext(), { resume: join(context.folder, file) });
      expect(resumed.parameters).toEqual(whole.parameters);
      expect(resumed.epochs).toEqual(whole.epochs);
    }
  });

  test("a row's score is the same in every batch", async () => {
    const data = smallData(300);
    const { fitted, request } = await smallRun(data, { ...options, epochs: 1 });
    const model = inferenceGraph(fitted, await trainNetwork(request, recordingContext()));
    expect(batchDependentNodes(decodeModel(model))).toEqual([]);
    const scores = await scoreRows(model, data.table, {}, SILENT);
    for (const batch of [1, 2, 7, 33]) expect(await scoreRows(model, data.table, { batch }, SILENT)).toEqual(scores);
  });
});

describe('with validation rows', () => {
  const overfitting = { epochs: 40, hidden: [64], learningRate: 0.05, patience: 3 };
  async function validated(network: Partial<NetworkSpec> = {}) {
    const { fitted, request } = await smallRun(smallData(200), { ...overfitting, ...network });
    const { table, labels } = smallData(200, 5);
    const validation = { ...(await makeFeatures(featureGraph(fitted), fitted, table, SILENT)), labels };
    return { ...request, validation };
  }

  test('training ends after `patience` epochs without a lower loss, and has the parameters of the best', async () => {
    const request = await validated();
    const trained = await trainNetwork(request, recordingContext());
    const losses = trained.epochs.map(({ validationLoss }) => validationLoss!);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(trained.epochs).toHaveLength(best + 3);
    expect(best).toBeLessThan(30);
    const { validation: _, ...alone } = request;
    const cut = await trainNetwork({ ...alone, epochs: best }, recordingContext());
    expect(trained.parameters).toEqual(cut.parameters);
  });

  test('from any checkpoint it ends the same', async () => {
    const request = await validated();
    const context = recordingContext();
    const whole = await trainNetwork(request, context);
    for (const { file } of context.checkpoints) {
      const resumed = await trainNetwork(request, recordingContext(), { resume: join(context.folder, file) });
      expect([resumed.parameters, resumed.epochs]).toEqual([whole.parameters, whole.epochs]);
    }
  });

  test('validation rows change no step, and their loss is that of the model itself, without dropout', async () => {
    const request = await validated({ dropout: 0.4, epochs: 2 });
    const { validation, ...alone } = request;
    const [with_, without] = await Promise.all([request, alone].map((each) => trainNetwork(each, recordingContext())));
    expect(with_!.epochs.map(({ loss }) => loss)).toEqual(without!.epochs.map(({ loss }) => loss));
    expect(with_!.end.state.parameters).toEqual(without!.end.state.parameters);
    expect(validation.labels).toHaveLength(200);
  });
});

test('balanced classes weigh alike: scores of a rare class are about as high as those of the other', async () => {
  const data = smallData(800);
  const { fitted, request } = await smallRun(data, { epochs: 20, classWeights: 'balanced' });
  const model = inferenceGraph(fitted, await trainNetwork(request, recordingContext()));
  const { values } = await scoreRows(model, data.table, {}, SILENT);
  const rate = data.labels.reduce((sum, label) => sum + label, 0) / 800;
  expect(rate).toBeLessThan(0.3);
  const mean = values.reduce((sum, score) => sum + score, 0) / 800;
  expect(mean).toBeGreaterThan(rate + 0.1);
});

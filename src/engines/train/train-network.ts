/**
 * Training a network: the training graph run over chunks of steps. How long the chunks are, and where a run was stopped
 * and resumed, changes no bit of what it gives.
 */
import { createHash } from 'node:crypto';
import type { NetworkSpec } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import type { EpochMetrics } from '../../domain/records';
import type { Target } from '../../domain/task';
import type { EmbeddingTable } from '../features/fitted';
import type { Features } from '../features/make-features';
import { type OnnxEnvironment, onnxEnvironment } from '../onnx/environment';
import { openSession, type Session } from '../onnx/session';
import { bytesOf } from '../onnx/tensor';
import { baselineOf, checkTrainingLabels } from '../stats/tasks/task';
import { epochBatches } from './batches';
import { goingOn } from './checkpoint-file';
import { type Checkpoint, type Cursor, readCheckpoint, type TrainingState, writeCheckpoint } from './checkpoint';
import { bestOf, hasEnded } from './early-stopping';
import { epochsFor } from './epochs';
import { type Head, headOf, outputsOf } from './head';
import { initialParameters, type NetworkShape, parameterShapes } from './network';
import { rateAt } from './schedule';
import { addLosses, dataFeeds, rateFeeds, stateFeeds, stateOf } from './training-feeds';
import { trainingGraph } from './training-graph';
import type { LabelledFeatures } from './training-job';
import { openValidation, type Validation } from './validation';

/** Well under the 250 ms that a heartbeat may take. */
const CHUNK_MS = 100;

export interface TrainRequest {
  readonly features: Features;
  /** The tables that `features.indices` point into. */
  readonly tables: readonly EmbeddingTable[];
  /** [rows] */
  readonly labels: Float32Array;
  readonly task: Target;
  readonly network: NetworkSpec;
  /** Decides which epoch is the best; absent: the last one is. */
  readonly validation?: LabelledFeatures | undefined;
  /** Ends after so many epochs, as the whole run has them; default: all. No part of what the run is: it goes on from there. */
  readonly epochs?: number | undefined;
}

export interface TrainOptions {
  /** Path of a checkpoint of the same run to go on from. */
  readonly resume?: string;
  /** Steps of one call; by default as many as take about 100 ms. */
  readonly stepsPerCall?: number;
  /** At least this long between two checkpoints within an epoch; each epoch ends with one. Default: those alone. */
  readonly checkpointEveryMs?: number;
}

export interface TrainedNetwork {
  readonly shape: NetworkShape;
  readonly head: Head;
  /** All parameters, in the order of `parameterShapes(shape)`. */
  readonly parameters: Float32Array;
  readonly epochs: readonly EpochMetrics[];
  /** Where it ended: another run goes on from here. */
  readonly end: Checkpoint;
  /** `mixed` when a checkpoint was made in another environment (CPU kind, versions). */
  readonly numerics: 'exact' | 'mixed';
}

/**
 * @throws MlopsError MLOPS_LABEL_INVALID, MLOPS_ONE_CLASS, MLOPS_CLASS_MISSING; MLOPS_TRAINING_DIVERGED: the loss isn't finite any more, the
 * checkpoints before that are kept; MLOPS_CHECKPOINT_INVALID.
 */
export async function trainNetwork(
  request: TrainRequest,
  context: JobContext,
  options: TrainOptions = {}
): Promise<TrainedNetwork> {
  const { features, network } = request;
  checkTrainingLabels(request.task, request.labels, (row) => ({ row }));
  const head = headOf(request.task, baselineOf(request.task, request.labels));
  const { activation, normalization, residual, initialWeights } = network;
  const shape = {
    ...{ dense: features.width, tables: request.tables, hidden: network.hidden, outputs: outputsOf(head) },
    form: { activation, normalization, residual, initialWeights },
  };
  const environment = onnxEnvironment();
  const start = await startOf(request, shape, environment, options.resume);
  const session = await openSession(trainingGraph({ shape, head, batch: network.batch, spec: network }));
  const validation = request.validation && (await openValidation(shape, head, request.validation));
  try {
    const end = await runEpochs({ request, context, session, validation, start, options });
    return {
      shape,
      head,
      parameters: end.best ?? end.state.parameters,
      epochs: end.cursor.epochs,
      end,
      numerics: start.mixed ? 'mixed' : 'exact',
    };
  } finally {
    await validation?.close();
    await session.close();
  }
}

/** Where the run begins: at its first step, or at the checkpoint's. */
async function startOf(
  request: TrainRequest,
  shape: NetworkShape,
  environment: OnnxEnvironment,
  resume: string | undefined
): Promise<Checkpoint> {
  const run = runDigest(request, shape);
  if (resume !== undefined) {
    return goingOn(await readCheckpoint(resume, run), environment);
  }
  const parameters = initialParameters(parameterShapes(shape), request.network.seed);
  const zeros = () => new Float32Array(parameters.length);
  const state = { step: 0, parameters, mean: zeros(), square: zeros() };
  return {
    run,
    cursor: { epoch: 0, step: 0, lossSum: 0, epochs: [] },
    state,
    best: undefined,
    environment,
    mixed: false,
  };
}

interface Run {
  readonly request: TrainRequest;
  readonly context: JobContext;
  readonly session: Session;
  readonly validation: Validation | undefined;
  readonly start: Checkpoint;
  readonly options: TrainOptions;
}

async function runEpochs({ request, context, session, validation, start, options }: Run): Promise<Checkpoint> {
  const { features, network } = request;
  const { stepsPerCall, checkpointEveryMs = Number.POSITIVE_INFINITY } = options;
  const whole = epochsFor(network, features.rows);
  const epochs = Math.min(whole, request.epochs ?? Infinity);
  const rate = rateAt(network, whole * Math.ceil(features.rows / network.batch));
  const weights = network.classWeights === 'balanced' ? balancedWeights(request.labels) : undefined;
  const data = dataFeeds(features, request.labels);
  let { cursor, state, best } = start;
  let steps = stepsPerCall ?? 4;
  let saved = performance.now();
  const save = async () => {
    const file = await writeCheckpoint(context.folder, { ...start, cursor, state, best });
    context.checkpoint(file, state.step);
    saved = performance.now();
  };

  const say = () => report(context, cursor, { epochs, rows: features.rows, batch: network.batch });

  while (cursor.epoch < epochs && !hasEnded(cursor.epochs, network.patience)) {
    const batches = epochBatches({ rows: features.rows, ...network, weights }, cursor.epoch);
    say();
    while (cursor.step < batches.steps) {
      const began = performance.now();
      const count = Math.min(steps, batches.steps - cursor.step);
      const results = await session.run({
        ...{ ...data, ...stateFeeds(state), ...batches.feeds(cursor.step, count) },
        ...rateFeeds(rate, state.step, count),
      });
      cursor = {
        ...cursor,
        step: cursor.step + count,
        lossSum: addLosses(cursor.lossSum, results, batches.sizes(cursor.step, count)),
      };
      state = stateOf(results);
      checkFinite(cursor, state, network);
      say();
      const took = performance.now() - began;
      if (stepsPerCall === undefined) steps = Math.max(1, Math.min(2 * steps, Math.round((count * CHUNK_MS) / took)));
      if (performance.now() - saved >= checkpointEveryMs && cursor.step < batches.steps) await save();
    }
    const done = {
      ...{ epoch: cursor.epoch + 1, rows: features.rows, loss: cursor.lossSum / features.rows },
      ...(validation === undefined ? {} : { validationLoss: await validation.loss(state.parameters, say) }),
    };
    cursor = { epoch: cursor.epoch + 1, step: 0, lossSum: 0, epochs: [...cursor.epochs, done] };
    if (validation !== undefined && bestOf(cursor.epochs) === done.epoch) best = state.parameters;
    await save();
  }
  return { ...start, cursor, state, best };
}

function checkFinite(cursor: Cursor, state: TrainingState, network: NetworkSpec): void {
  if (Number.isFinite(cursor.lossSum) && state.parameters.every(Number.isFinite)) return;
  const where = { epoch: cursor.epoch + 1, step: cursor.step, learningRate: network.learningRate };
  const fix = 'Lower learningRate; the checkpoints before are kept.';
  throw new MlopsError(
    'MLOPS_TRAINING_DIVERGED',
    'The loss or a parameter is not a finite number any more.',
    where,
    fix
  );
}

function report(
  context: JobContext,
  cursor: Cursor,
  { epochs, rows, batch }: { readonly epochs: number; readonly rows: number; readonly batch: number }
): void {
  const seen = Math.min(rows, cursor.step * batch);
  const loss = seen > 0 ? `loss ${(cursor.lossSum / seen).toFixed(4)}` : 'shuffled';
  const note = `epoch ${cursor.epoch + 1} of ${epochs}, ${loss}`;
  context.progress({ done: cursor.epoch * rows + seen, total: epochs * rows, note });
}

/** The labels stand for the rows: the step's key says the rest, and hashing all features would cost seconds. */
function runDigest({ network, task, labels, features, validation }: TrainRequest, shape: NetworkShape): string {
  const rows = [features.rows, validation?.rows];
  const hash = createHash('sha256').update(JSON.stringify({ network, task, shape, rows }));
  if (validation !== undefined) hash.update(bytesOf(validation.labels));
  return `sha256:${hash.update(bytesOf(labels)).digest('hex')}`;
}

/** Each row's, with mean 1: all rows of one label together weigh as much as those of any other. */
function balancedWeights(labels: Float32Array): Float32Array {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label) => labels.length / (counts.size * counts.get(label)!));
}

/**
 * Training a network: the training graph run over chunks of steps. How long the chunks are, and where a run was stopped
 * and resumed, changes no bit of what it gives.
 */
import { createHash } from 'node:crypto';
import type { NetworkSpec } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import type { EpochMetrics } from '../../domain/records';
import type { EmbeddingTable } from '../features/fitted';
import type { Features } from '../features/make-features';
import { type OnnxEnvironment, onnxEnvironment } from '../onnx/environment';
import { openSession, type Session } from '../onnx/session';
import { bytesOf } from '../onnx/tensor';
import { epochBatches } from './batches';
import { type Checkpoint, type Cursor, readCheckpoint, type TrainingState, writeCheckpoint } from './checkpoint';
import { epochsFor } from './epochs';
import { positiveRate } from './labels';
import { initialParameters, type NetworkShape, parameterShapes } from './network';
import { addLosses, dataFeeds, stateFeeds, stateOf } from './training-feeds';
import { trainingGraph } from './training-graph';

/** Well under the 250 ms that a heartbeat may take. */
const CHUNK_MS = 100;
const CHECKPOINT_MS = 3000;

export interface TrainRequest {
  readonly features: Features;
  /** The tables that `features.indices` point into. */
  readonly tables: readonly EmbeddingTable[];
  /** [rows], 0 or 1. */
  readonly labels: Float32Array;
  readonly network: NetworkSpec;
}

export interface TrainOptions {
  /** Path of a checkpoint of the same run to go on from. */
  readonly resume?: string;
  /** Steps of one call; by default as many as take about 100 ms. */
  readonly stepsPerCall?: number;
  /** At least this long between two checkpoints within an epoch; each epoch ends with one. By default 3,000. */
  readonly checkpointEveryMs?: number;
}

export interface TrainedNetwork {
  readonly shape: NetworkShape;
  /** All parameters, in the order of `parameterShapes(shape)`. */
  readonly parameters: Float32Array;
  readonly epochs: readonly EpochMetrics[];
  /** The label's mean over the training rows. */
  readonly trainRate: number;
  /** `mixed` when a checkpoint was made in another environment (CPU kind, versions). */
  readonly numerics: 'exact' | 'mixed';
}

/**
 * @throws MlopsError MLOPS_LABEL_INVALID, MLOPS_ONE_CLASS; MLOPS_TRAINING_DIVERGED: the loss isn't finite any more, the
 * checkpoints before that are kept; MLOPS_CHECKPOINT_INVALID.
 */
export async function trainNetwork(
  request: TrainRequest,
  context: JobContext,
  options: TrainOptions = {}
): Promise<TrainedNetwork> {
  const { features, network } = request;
  const trainRate = positiveRate(request.labels);
  const shape = { dense: features.width, tables: request.tables, hidden: network.hidden };
  const environment = onnxEnvironment();
  const start = await startOf(request, shape, environment, options.resume);
  const session = await openSession(trainingGraph({ shape, batch: network.batch, learningRate: network.learningRate }));
  try {
    const end = await runEpochs({ request, context, session, start, options });
    return {
      shape,
      parameters: end.state.parameters,
      epochs: end.cursor.epochs,
      trainRate,
      numerics: start.mixed ? 'mixed' : 'exact',
    };
  } finally {
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
    const checkpoint = await readCheckpoint(resume, run);
    const elsewhere = JSON.stringify(checkpoint.environment) !== JSON.stringify(environment);
    return { ...checkpoint, environment, mixed: checkpoint.mixed || elsewhere };
  }
  const parameters = initialParameters(parameterShapes(shape), request.network.seed);
  const zeros = () => new Float32Array(parameters.length);
  const state = { step: 0, parameters, mean: zeros(), square: zeros() };
  return { run, cursor: { epoch: 0, step: 0, lossSum: 0, epochs: [] }, state, environment, mixed: false };
}

interface Run {
  readonly request: TrainRequest;
  readonly context: JobContext;
  readonly session: Session;
  readonly start: Checkpoint;
  readonly options: TrainOptions;
}

async function runEpochs({ request, context, session, start, options }: Run): Promise<Checkpoint> {
  const { features, network } = request;
  const { stepsPerCall, checkpointEveryMs = CHECKPOINT_MS } = options;
  const epochs = epochsFor(network, features.rows);
  const data = dataFeeds(features, request.labels);
  let { cursor, state } = start;
  let steps = stepsPerCall ?? 4;
  let saved = performance.now();
  const save = async () => {
    const file = await writeCheckpoint(context.folder, { ...start, cursor, state });
    context.checkpoint(file, state.step);
    saved = performance.now();
  };

  while (cursor.epoch < epochs) {
    const batches = epochBatches({ rows: features.rows, ...network }, cursor.epoch);
    report(context, cursor, { epochs, rows: features.rows, batch: network.batch });
    while (cursor.step < batches.steps) {
      const began = performance.now();
      const count = Math.min(steps, batches.steps - cursor.step);
      const results = await session.run({ ...data, ...stateFeeds(state), ...batches.feeds(cursor.step, count) });
      cursor = {
        ...cursor,
        step: cursor.step + count,
        lossSum: addLosses(cursor.lossSum, results, batches.sizes(cursor.step, count)),
      };
      state = stateOf(results);
      checkFinite(cursor, state, network);
      report(context, cursor, { epochs, rows: features.rows, batch: network.batch });
      const took = performance.now() - began;
      if (stepsPerCall === undefined) steps = Math.max(1, Math.min(2 * steps, Math.round((count * CHUNK_MS) / took)));
      if (performance.now() - saved >= checkpointEveryMs && cursor.step < batches.steps) await save();
    }
    const done = { epoch: cursor.epoch + 1, rows: features.rows, loss: cursor.lossSum / features.rows };
    cursor = { epoch: cursor.epoch + 1, step: 0, lossSum: 0, epochs: [...cursor.epochs, done] };
    await save();
  }
  return { ...start, cursor, state };
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
function runDigest({ network, labels, features }: TrainRequest, shape: NetworkShape): string {
  const hash = createHash('sha256').update(JSON.stringify({ network, shape, rows: features.rows }));
  return `sha256:${hash.update(bytesOf(labels)).digest('hex')}`;
}

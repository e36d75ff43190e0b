/** Fitting a linear model: step after step down its objective. Where a run was stopped and resumed changes no bit of what it gives. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LinearSpec } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { JobContext } from '../../domain/job';
import type { EpochMetrics } from '../../domain/records';
import type { Target } from '../../domain/task';
import { onnxEnvironment } from '../onnx/environment';
import { bytesOf } from '../onnx/tensor';
import { type Begun, goingOn, readCheckpointFile, writeCheckpointFile } from '../train/checkpoint-file';
import { lossOf, POISSON } from '../train/loss';
import { type Evaluated, LinearObjective, type LinearRows } from './objective';
import { nextPoint, type Pair, type Point, type Problem, slopes, steepest } from './quasi-newton';

/** Well under the 250 ms that a heartbeat may take. */
const BREATH_MS = 100;

export interface LinearRequest {
  readonly data: LinearRows;
  readonly task: Target;
  readonly linear: LinearSpec;
}

export interface LinearOptions {
  /** Path of a checkpoint of the same run to go on from. */
  readonly resume?: string;
  /** At least this long between two checkpoints. Default: without one, however long. */
  readonly checkpointEveryMs?: number;
}

export interface TrainedLinear {
  readonly outputs: number;
  /** Weights [width, outputs], then biases [outputs]. */
  readonly parameters: Float64Array;
  /** The start's, then each step's. */
  readonly epochs: readonly EpochMetrics[];
  /** Whether the slopes ended below `tolerance`, not the steps. */
  readonly converged: boolean;
  /** `mixed` when a checkpoint was made in another environment (CPU kind, versions). */
  readonly numerics: 'exact' | 'mixed';
}

/** A checkpoint's header; its numbers are the parameters, then each pair's change and bend, float64. */
interface Progress extends Begun {
  readonly epochs: readonly EpochMetrics[];
  /** At the start, without the penalty. */
  readonly steepest: number;
  readonly size: number;
  readonly pairs: number;
}

/** @throws MlopsError MLOPS_TRAINING_DIVERGED: not even the start has a finite loss; MLOPS_CHECKPOINT_INVALID. */
export async function trainLinear(
  request: LinearRequest,
  context: JobContext,
  { resume, checkpointEveryMs = Number.POSITIVE_INFINITY }: LinearOptions = {}
): Promise<TrainedLinear> {
  const { data, linear, task } = request;
  const loss = linear.poisson ? POISSON : lossOf(task);
  const epochs: EpochMetrics[] = [];
  const report = () => {
    const seen = epochs.at(-1);
    const note = `step ${epochs.length} of at most ${linear.steps}${seen ? `, loss ${seen.loss.toFixed(4)}` : ''}`;
    context.progress({ done: Math.max(0, epochs.length - 1), total: linear.steps, note });
  };
  const objective = new LinearObjective(data, loss, linear.l2, breathing(report));
  const start = objective.start();
  const problem: Problem<Evaluated> = {
    at: (parameters) => objective.at(parameters),
    ...{ l1: linear.l1, penalized: objective.weights, curvature: await objective.curvature(start) },
  };
  const begun = await begin(request, start, resume);
  let { pairs } = begun;
  let point: Point<Evaluated> = { parameters: begun.parameters, position: await objective.at(begun.parameters) };
  if (!Number.isFinite(point.position.value)) throw diverged();
  const metrics = () => ({ epoch: epochs.length + 1, rows: data.rows, loss: point.position.loss });
  const progress = begun.progress ?? {
    ...{ run: runDigest(request), environment: onnxEnvironment(), mixed: false },
    steepest: steepest(problem, point.position.gradient),
  };
  epochs.push(...(begun.progress?.epochs ?? [metrics()]));
  const isDown = () => steepest(problem, slopes(problem, point)) <= linear.tolerance * progress.steepest;
  let [saved, converged] = [performance.now(), isDown()];
  while (!converged && epochs.length <= linear.steps) {
    report();
    const next = await nextPoint(problem, point, pairs);
    // Within rounding no point is lower.
    if (next === undefined) {
      converged = true;
      break;
    }
    ({ point, pairs } = next);
    epochs.push(metrics());
    converged = isDown();
    if (!converged && performance.now() - saved >= checkpointEveryMs) {
      const header: Progress = { ...progress, epochs, size: objective.size, pairs: pairs.length };
      const numbers = [point.parameters, ...pairs.flatMap(({ change, bend }) => [change, bend])];
      context.checkpoint(await writeCheckpointFile(context.folder, epochs.length, header, numbers), epochs.length);
      saved = performance.now();
    }
  }
  const { outputs } = loss;
  const parameters = objective.uncentred(point.parameters);
  return { outputs, parameters, epochs, converged, numerics: progress.mixed ? 'mixed' : 'exact' };
}

/** Lets what is reported go out, and messages in, whenever so much work has been done. */
function breathing(report: () => void): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < BREATH_MS) return undefined;
    last = performance.now();
    report();
    return nextTurn();
  };
}

interface Beginning {
  readonly progress: Progress | undefined;
  readonly parameters: Float64Array;
  readonly pairs: readonly Pair[];
}

async function begin(request: LinearRequest, start: Float64Array, resume: string | undefined): Promise<Beginning> {
  if (resume === undefined) return { progress: undefined, parameters: start, pairs: [] };
  const { header, numbers } = await readCheckpointFile<Progress>(resume, runDigest(request));
  const vector = (place: number) => new Float64Array(numbers, 8 * header.size * place, header.size);
  const pairs = Array.from({ length: header.pairs }, (_, i) => ({
    change: vector(1 + 2 * i),
    bend: vector(2 + 2 * i),
  }));
  return { progress: goingOn(header, onnxEnvironment()), parameters: vector(0), pairs };
}

function diverged(): MlopsError {
  const what = 'The loss is not a finite number where training starts.';
  return new MlopsError('MLOPS_TRAINING_DIVERGED', what, {}, 'Look at the ranges of features and labels.');
}

/** The labels stand for the rows: the step's key says the rest, and hashing all features would cost seconds. */
function runDigest({ linear, task, data }: LinearRequest): string {
  const hash = createHash('sha256').update(JSON.stringify({ linear, task, shape: [data.rows, data.width] }));
  return `sha256:${hash.update(bytesOf(data.labels)).digest('hex')}`;
}

/**
 * Gradient boosting: round after round trees on the derivatives of the loss at the scores so far. Where a run was stopped
 * and resumed, and how many threads it had, changes no bit of what it gives.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TreesSpec } from '../../domain/definition';
import type { JobContext } from '../../domain/job';
import type { EpochMetrics } from '../../domain/records';
import { onnxEnvironment } from '../onnx/environment';
import { bytesOf } from '../onnx/tensor';
import { type Begun, goingOn, readCheckpointFile, writeCheckpointFile } from '../train/checkpoint-file';
import { bestOf, hasEnded } from '../train/early-stopping';
import { boundsOf, type DenseColumns, putInBins } from './bins';
import { wholeNumbers } from './derivatives';
import { columnsOf, rowsOf } from './draws';
import { Grower } from './grower';
import type { Derivatives, Loss } from '../train/loss';
import { addTree, type BinnedColumns, type Ensemble, type Tree } from './tree';

/** Rows with their labels. */
export interface LabelledColumns extends DenseColumns {
  readonly labels: Float32Array;
}

export interface TreesRequest {
  readonly data: LabelledColumns;
  /** Decides which round is the best; absent: the last one is. */
  readonly validation?: LabelledColumns;
  readonly trees: TreesSpec;
  readonly loss: Loss;
}

export interface TreesOptions {
  /** Path of a checkpoint of the same run to go on from. */
  readonly resume?: string;
  /** At least this long between two checkpoints. Default: without one, however long. */
  readonly checkpointEveryMs?: number;
  /** By default 1. */
  readonly threads?: number;
}

export interface TrainedTrees {
  /** Trees up to the best round. */
  readonly ensemble: Ensemble;
  /** All rounds that were run. */
  readonly rounds: readonly EpochMetrics[];
  readonly bestRound: number;
  /** `mixed` when a checkpoint was made in another environment (CPU kind, versions). */
  readonly numerics: 'exact' | 'mixed';
}

/** What a run has made so far: a checkpoint's header. Scores follow from the trees. */
interface Progress extends Begun {
  readonly rounds: readonly EpochMetrics[];
  readonly trees: readonly Tree[];
}

/**
 * @throws MlopsError MLOPS_FEATURE_INVALID: a feature is infinite; MLOPS_OUT_OF_MEMORY; MLOPS_TRAINING_DIVERGED;
 * MLOPS_CHECKPOINT_INVALID; MLOPS_COMPUTE_CRASHED: a thread has ended.
 */
export async function trainTrees(
  request: TreesRequest,
  context: JobContext,
  options: TreesOptions = {}
): Promise<TrainedTrees> {
  const { data, trees: spec, loss } = request;
  const bounds = boundsOf(data);
  const start = loss.start(data.labels).map(Math.fround);
  const grower = Grower.open(data, bounds, { depth: spec.depth, threads: options.threads ?? 1 });
  try {
    return await boost(request, context, options, { grower, bounds, start });
  } finally {
    await grower.close();
  }
}

interface Prepared {
  readonly grower: Grower;
  readonly bounds: readonly Float32Array[];
  readonly start: readonly number[];
}

async function boost(
  request: TreesRequest,
  context: JobContext,
  { resume, checkpointEveryMs = Number.POSITIVE_INFINITY }: TreesOptions,
  { grower, bounds, start }: Prepared
): Promise<TrainedTrees> {
  const { data, validation, trees: spec, loss } = request;
  const training = new Scored(grower.binned, data.labels, start);
  const validating = validation && new Scored(binnedBy(validation, bounds), validation.labels, start);
  const derivatives = start.map(() => newDerivatives(data.rows));
  let { progress, done } = await begin(request, resume);
  progress.trees.forEach((tree, i) => {
    training.add(tree, i % loss.outputs);
    validating?.add(tree, i % loss.outputs);
  });
  const [trees, rounds] = [[...progress.trees], [...progress.rounds]];
  let saved = performance.now();
  loss.derivatives(training.scores, data.labels, derivatives);
  while (!done && rounds.length < spec.rounds) {
    const round = rounds.length;
    const rows = rowsOf(spec.seed, round, spec.rowShare, data.rows);
    const columns = columnsOf(spec.seed, round, spec.columnShare, data.width);
    for (const [output, each] of derivatives.entries()) {
      const { tree, leaves } = await grower.grow(wholeNumbers(each, rows, grower.derivatives), spec, columns);
      for (const leaf of leaves) training.addTo(leaf.rows, leaf.value, output);
      validating?.add(tree, output);
      trees.push(tree);
    }
    rounds.push({
      ...{ epoch: round + 1, rows: data.rows, loss: loss.derivatives(training.scores, data.labels, derivatives) },
      ...(validating === undefined ? {} : { validationLoss: validating.loss(loss) }),
    });
    context.progress({ done: rounds.length, total: spec.rounds, note: noteOf(rounds.at(-1)!, spec) });
    // What was said goes out.
    await nextTurn();
    done = hasEnded(rounds, spec.patience);
    if (!done && performance.now() - saved >= checkpointEveryMs) {
      progress = { ...progress, rounds, trees };
      context.checkpoint(await writeCheckpointFile(context.folder, round + 1, progress), round + 1);
      saved = performance.now();
    }
  }
  const bestRound = bestOf(rounds);
  return {
    ensemble: { start, bounds, trees: trees.slice(0, bestRound * loss.outputs) },
    rounds,
    bestRound,
    numerics: progress.mixed ? 'mixed' : 'exact',
  };
}

/** Rows with the scores that the trees so far give them. */
class Scored {
  /** [rows, outputs] */
  readonly scores: Float64Array;

  constructor(
    readonly binned: BinnedColumns,
    readonly labels: Float32Array,
    readonly start: readonly number[]
  ) {
    this.scores = new Float64Array(binned.rows * start.length);
    for (let at = 0; at < this.scores.length; at += 1) this.scores[at] = start[at % start.length]!;
  }

  add(tree: Tree, output: number): void {
    addTree(tree, this.binned, this.scores, output, this.start.length);
  }

  addTo(rows: Int32Array, value: number, output: number): void {
    const outputs = this.start.length;
    for (const row of rows) this.scores[row * outputs + output]! += value;
  }

  loss(loss: Loss): number {
    return loss.mean(this.scores, this.labels);
  }
}

async function begin(
  request: TreesRequest,
  resume: string | undefined
): Promise<{ readonly progress: Progress; readonly done: boolean }> {
  const run = runDigest(request);
  const environment = onnxEnvironment();
  const fresh = { run, rounds: [], trees: [], environment, mixed: false };
  if (resume === undefined) return { progress: fresh, done: false };
  const { header } = await readCheckpointFile<Progress>(resume, run);
  const progress = goingOn(header, environment);
  return { progress, done: hasEnded(progress.rounds, request.trees.patience) };
}

function newDerivatives(rows: number): Derivatives {
  return { gradient: new Float64Array(rows), hessian: new Float64Array(rows) };
}

function binnedBy(data: DenseColumns, bounds: readonly Float32Array[]): BinnedColumns {
  const columns = bounds.map((each, column) => {
    const bins = new Uint8Array(data.rows);
    putInBins(data, column, each, bins);
    return bins;
  });
  return { rows: data.rows, columns, counts: bounds.map(({ length }) => length) };
}

function noteOf({ epoch, loss, validationLoss }: EpochMetrics, { rounds }: TreesSpec): string {
  const beside = validationLoss === undefined ? '' : `, validation ${validationLoss.toFixed(4)}`;
  return `round ${epoch} of ${rounds}, loss ${loss.toFixed(4)}${beside}`;
}

/** The labels stand for the rows: the step's key says the rest, and hashing all features would cost seconds. */
function runDigest({ trees, data, validation }: TreesRequest): string {
  const shape = [data.rows, data.width, validation?.rows];
  const hash = createHash('sha256').update(JSON.stringify({ trees, shape }));
  for (const rows of validation === undefined ? [data] : [data, validation]) hash.update(bytesOf(rows.labels));
  return `sha256:${hash.digest('hex')}`;
}

/** An evaluation from scores: a candidate beside the baseline, and the champion, on the same rows. */
import type { Objective } from '../../domain/definition';
import { MlopsError, type Where } from '../../domain/errors';
import type { Evaluation, Metrics, Slice } from '../../domain/evaluation';
import { type Blocks, blockCounts, blockSums } from './blocks';
import { logLossOf } from './losses';
import { differenceOf, estimateOf, intervalOf, type Measures, measure } from './measure';

export interface EvaluationInput {
  /** [rows] probabilities */
  readonly candidate: Float32Array;
  readonly champion?: Float32Array;
  /** [rows] of 0 and 1 */
  readonly labels: Float32Array;
  /** Rows of the period that are not here since they have no label. */
  readonly unlabelled?: number;
  /** A row for an error. */
  readonly rowName?: (row: number) => Where;
  /** Rows that depend on each other. */
  readonly blocks: Blocks;
  /** Label's mean over the candidate's training rows: what the baseline predicts. Without it there is no baseline. */
  readonly trainRate?: number | undefined;
  readonly objective: Pick<Objective, 'decisionThreshold' | 'utility'>;
  readonly confidence?: number;
}

const CONFIDENCE = 0.95;

/**
 * Metrics that are undefined on these rows are absent.
 * @throws MlopsError MLOPS_LABEL_INVALID, MLOPS_TOO_FEW_ROWS, MLOPS_MODEL_INVALID: a score is not a number
 */
export function evaluateScores(input: EvaluationInput): Evaluation {
  const { candidate, champion, labels, blocks, trainRate, objective, confidence = CONFIDENCE } = input;
  const { rowName = (row) => ({ row }) } = input;
  if (labels.length === 0)
    throw new MlopsError('MLOPS_TOO_FEW_ROWS', 'There are no rows to evaluate.', {}, 'Widen the test period.');
  checkLabels(labels, rowName);
  checkScores(candidate, labels.length, 'candidate', rowName);
  if (champion !== undefined) checkScores(champion, labels.length, 'champion', rowName);
  const measures = measure(candidate, labels, blocks, objective);
  const baseline: Measures =
    trainRate === undefined
      ? new Map()
      : measure(new Float32Array(labels.length).fill(trainRate), labels, blocks, objective);
  const rival = champion === undefined ? undefined : measure(champion, labels, blocks, objective);
  const intervals = (of: Measures): Metrics =>
    Object.fromEntries([...of].map(([name, measured]) => [name, intervalOf(measured, blocks, confidence)]));
  return {
    rows: labels.length,
    unlabelled: input.unlabelled ?? 0,
    positives: sumOf(labels),
    meanScore: sumOf(candidate) / labels.length,
    candidate: intervals(measures),
    baseline: Object.fromEntries([...baseline].map(([name, measured]) => [name, estimateOf(measured, blocks)])),
    ...(rival === undefined ? {} : { champion: intervals(rival) }),
    againstBaseline: intervals(differences(measures, baseline)),
    ...(rival === undefined ? {} : { againstChampion: intervals(differences(measures, rival)) }),
    slices: slicesOf(input, blocks),
    blocksOf: blocks.of,
  };
}

function differences(a: Measures, b: Measures): Measures {
  return new Map(
    [...a].flatMap(([name, measured]) => {
      const other = b.get(name);
      const difference = other === undefined ? undefined : differenceOf(measured, other);
      return difference === undefined ? [] : [[name, difference] as const];
    })
  );
}

/** A record has a bounded size. */
const MOST_SLICES = 400;

/** Each block by itself, without intervals: to see which day differs. A single row is no slice. */
function slicesOf({ candidate, champion, labels }: EvaluationInput, blocks: Blocks): readonly Slice[] {
  if (blocks.of === 'row') return [];
  const rows = blockCounts(blocks);
  const positives = blockSums(blocks, (row) => labels[row]!);
  const scored = blockSums(blocks, (row) => candidate[row]!);
  const losses = (scores: Float32Array) => blockSums(blocks, (row) => logLossOf(scores[row]!, labels[row]!));
  const own = losses(candidate);
  const other = champion === undefined ? undefined : losses(champion);
  const all = blocks.names.map((name, b) => ({
    name,
    rows: rows[b]!,
    rate: positives[b]! / rows[b]!,
    meanScore: scored[b]! / rows[b]!,
    logLoss: own[b]! / rows[b]!,
    ...(other === undefined ? {} : { championLogLoss: other[b]! / rows[b]! }),
  }));
  if (all.length <= MOST_SLICES) return all;
  const least = rows.toSorted()[all.length - MOST_SLICES]!;
  return all.filter((slice) => slice.rows >= least).slice(0, MOST_SLICES);
}

type RowName = NonNullable<EvaluationInput['rowName']>;

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function checkLabels(labels: Float32Array, rowName: RowName): void {
  const row = labels.findIndex((label) => label !== 0 && label !== 1);
  if (row < 0) return;
  const where = { ...rowName(row), label: labels[row] };
  throw new MlopsError('MLOPS_LABEL_INVALID', 'A label is neither 0 nor 1.', where, 'Fix the label of this row.');
}

function checkScores(scores: Float32Array, rows: number, whose: string, rowName: RowName): void {
  if (scores.length !== rows) {
    const where = { whose, scores: scores.length, rows };
    throw new MlopsError('MLOPS_MODEL_INVALID', 'There is another number of scores than rows.', where, 'Score again.');
  }
  const row = scores.findIndex((score) => !Number.isFinite(score));
  if (row < 0) return;
  const fix = 'Look at the features of that row, and at the training log.';
  throw new MlopsError('MLOPS_MODEL_INVALID', 'A score is not a number.', { whose, ...rowName(row) }, fix);
}

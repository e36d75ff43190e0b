/** An evaluation from scores: a candidate beside the baseline, and the champion, on the same rows. */
import { MlopsError } from '../../domain/errors';
import type { GateDefinition } from '../../domain/definition';
import type { ClassRates, ColumnSlice, Evaluation, Metrics, Slice } from '../../domain/evaluation';
import { rowsScored, type Scores } from '../../domain/scores';
import { type Baseline, namesOf, type Target, TASKS, truthAt, widthOf } from '../../domain/task';
import { type Blocks, blockCounts, blockSums } from './blocks';
import { columnSlices, onlyNamed, type SliceColumn } from './column-slices';
import { rowTestsOf } from './row-tests';
import { blocksAt, labelsAt, scoresAt } from './subset';
import { differenceOf, estimateOf, intervalOf, type Measures } from './measure';
import {
  baselineScores,
  checkLabels,
  type MeasuredObjective,
  type RowName,
  statisticsOf,
  type TaskStatistics,
} from './tasks/task';

export interface EvaluationInput {
  readonly candidate: Scores;
  readonly champion?: Scores;
  /** [rows] */
  readonly labels: Float32Array;
  /** Rows of the period that are not here since they have no label. */
  readonly unlabelled?: number;
  /** A row for an error. */
  readonly rowName?: RowName;
  /** Rows that depend on each other. */
  readonly blocks: Blocks;
  /** Of the candidate's training rows. */
  readonly baseline?: Baseline | undefined;
  readonly objective: MeasuredObjective;
  readonly confidence?: number;
  /** Columns by whose values metrics are asked for. */
  readonly slices?: SlicesAsked;
}

export interface SlicesAsked {
  readonly columns: readonly SliceColumn[];
  /** Of a slice that has metrics. */
  readonly minRows: number;
  readonly gates: readonly Pick<GateDefinition, 'metric' | 'slice'>[];
}

const CONFIDENCE = 0.95;

/**
 * Metrics that are undefined on these rows are absent.
 * @throws MlopsError MLOPS_LABEL_INVALID, MLOPS_TOO_FEW_ROWS, MLOPS_MODEL_INVALID: a score is not a number
 */
export function evaluateScores(input: EvaluationInput): Evaluation {
  const { candidate, champion, labels, blocks, confidence = CONFIDENCE } = input;
  const { rowName = (row) => ({ row }) } = input;
  if (labels.length === 0)
    throw new MlopsError('MLOPS_TOO_FEW_ROWS', 'There are no rows to evaluate.', {}, 'Widen the test period.');
  const task = statisticsOf(input.objective);
  checkLabels(task.target, labels, rowName);
  checkWidths(input, widthOf(task.target));
  checkScores(candidate, labels.length, 'candidate', rowName);
  if (champion !== undefined) checkScores(champion, labels.length, 'champion', rowName);
  const rows: ComparedRows = { candidate, ...(champion === undefined ? {} : { champion }), labels, blocks };
  const { baseline, ...compared } = compare(rows, task, input.baseline, confidence);
  const tests = champion === undefined ? undefined : rowTestsOf(candidate, champion, labels, input.objective);
  const slices = input.slices && columnSlicesOf(rows, task, { ...input, confidence }, input.slices);
  return {
    task: task.kind,
    rows: labels.length,
    unlabelled: input.unlabelled ?? 0,
    ...(namesOf(task.target) === undefined
      ? { meanTruth: sumOf(labels) / labels.length, meanPrediction: sumOf(candidate.values) / labels.length }
      : { classes: ratesOf(task.target, candidate, labels) }),
    ...compared,
    baseline,
    ...(tests === undefined ? {} : { rowTests: tests }),
    ...(slices === undefined || slices.length === 0 ? {} : { columnSlices: slices }),
    slices: slicesOf(input, task),
    blocksOf: blocks.of,
    curves: {
      candidate: task.curves(candidate, labels),
      ...(champion === undefined ? {} : { champion: task.curves(champion, labels) }),
    },
  };
}

type ComparedRows = Pick<EvaluationInput, 'candidate' | 'champion' | 'labels' | 'blocks'>;

/** Metrics of both models and their differences, on the same rows. */
function compare(
  { candidate, champion, labels, blocks }: ComparedRows,
  task: TaskStatistics,
  trained: Baseline | undefined,
  confidence: number
): Pick<Evaluation, 'candidate' | 'baseline' | 'champion' | 'againstBaseline' | 'againstChampion'> {
  const measures = task.measure(candidate, labels, blocks);
  const baseline: Measures =
    trained === undefined ? new Map() : task.measure(baselineScores(trained, labels.length), labels, blocks);
  const rival = champion === undefined ? undefined : task.measure(champion, labels, blocks);
  const intervals = (of: Measures): Metrics =>
    Object.fromEntries([...of].map(([name, measured]) => [name, intervalOf(measured, blocks, confidence)]));
  return {
    candidate: intervals(measures),
    baseline: Object.fromEntries([...baseline].map(([name, measured]) => [name, estimateOf(measured, blocks)])),
    ...(rival === undefined ? {} : { champion: intervals(rival) }),
    againstBaseline: intervals(differences(measures, baseline)),
    ...(rival === undefined ? {} : { againstChampion: intervals(differences(measures, rival)) }),
  };
}

/** As `compare`, on the rows of each value of the columns; the headline metrics and those that gates name. */
function columnSlicesOf(
  { candidate, champion, labels, blocks }: ComparedRows,
  task: TaskStatistics,
  { baseline, confidence }: { readonly baseline?: Baseline | undefined; readonly confidence: number },
  { columns, minRows, gates }: SlicesAsked
): readonly ColumnSlice[] {
  const asked = gates.flatMap(({ metric, slice }) => (slice === undefined ? [] : [{ metric, ...slice }]));
  const metrics = new Set([...TASKS[task.kind].headline, ...asked.map(({ metric }) => metric)]);
  const named = (column: string, value: string): boolean =>
    asked.some((slice) => slice.column === column && slice.value === value);
  return columnSlices(columns, { minRows, named }, (rows) => {
    const some = {
      candidate: scoresAt(candidate, rows),
      ...(champion === undefined ? {} : { champion: scoresAt(champion, rows) }),
      labels: labelsAt(labels, rows),
      blocks: blocksAt(blocks, rows),
    };
    const { baseline: _, ...compared } = compare(some, task, baseline, confidence);
    return Object.fromEntries(Object.entries(compared).map(([of, all]) => [of, onlyNamed(all, metrics)]));
  });
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
function slicesOf(
  { candidate, champion, labels, blocks }: EvaluationInput,
  { target, loss }: Pick<TaskStatistics, 'target' | 'loss'>
): readonly Slice[] {
  if (blocks.of === 'row') return [];
  const rows = blockCounts(blocks);
  const happened = blockSums(blocks, (row) => labels[row]!);
  const predicted = blockSums(blocks, (row) => candidate.values[row]!);
  const losses = ({ values, width }: Scores) => blockSums(blocks, (row) => loss.of(values, row * width, labels[row]!));
  const own = losses(candidate);
  const other = champion === undefined ? undefined : losses(champion);
  const all = blocks.names.map((name, b) => ({
    name,
    rows: rows[b]!,
    ...(widthOf(target) > 1 ? {} : { meanTruth: happened[b]! / rows[b]!, meanPrediction: predicted[b]! / rows[b]! }),
    loss: own[b]! / rows[b]!,
    ...(other === undefined ? {} : { championLoss: other[b]! / rows[b]! }),
  }));
  if (all.length <= MOST_SLICES) return all;
  const least = rows.toSorted()[all.length - MOST_SLICES]!;
  return all.filter((slice) => slice.rows >= least).slice(0, MOST_SLICES);
}

function ratesOf(target: Target, { width, values }: Scores, labels: Float32Array): readonly ClassRates[] {
  const truths = new Float64Array(width);
  const predictions = new Float64Array(width);
  for (let row = 0; row < labels.length; row += 1) {
    for (let place = 0; place < width; place += 1) {
      truths[place]! += truthAt(target, labels[row]!, place);
      predictions[place]! += values[row * width + place]!;
    }
  }
  return namesOf(target)!.map((name, place) => ({
    name,
    meanTruth: truths[place]! / labels.length,
    meanPrediction: predictions[place]! / labels.length,
  }));
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** @throws MlopsError MLOPS_MODEL_INVALID: scores of another task, or of other classes */
function checkWidths({ candidate, champion, baseline }: EvaluationInput, width: number): void {
  const widths = { candidate: candidate.width, champion: champion?.width, baseline: baseline?.means.length };
  for (const [whose, found] of Object.entries(widths)) {
    if (found === undefined || found === width) continue;
    const what = 'Scores have another number of numbers than the task.';
    throw new MlopsError(
      'MLOPS_MODEL_INVALID',
      what,
      { whose, width: found, needed: width },
      'Score by a model of this task.'
    );
  }
}

function checkScores(scores: Scores, rows: number, whose: string, rowName: RowName): void {
  if (rowsScored(scores) !== rows) {
    const where = { whose, scores: rowsScored(scores), rows };
    throw new MlopsError('MLOPS_MODEL_INVALID', 'There is another number of scores than rows.', where, 'Score again.');
  }
  const at = scores.values.findIndex((score) => !Number.isFinite(score));
  if (at < 0) return;
  const row = Math.floor(at / scores.width);
  const fix = 'Look at the features of that row, and at the training log.';
  throw new MlopsError('MLOPS_MODEL_INVALID', 'A score is not a number.', { whose, ...rowName(row) }, fix);
}

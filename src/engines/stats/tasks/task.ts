/** What evaluation, windows, shadow pairs and training ask of a task. One file a task gives it; nothing else knows which it is. */
import type { Objective } from '../../../domain/definition';
import type { Curves } from '../../../domain/curves';
import { MlopsError, type Where } from '../../../domain/errors';
import {
  type Baseline,
  isLabel,
  labelWords,
  labelInWords,
  type Target,
  type TaskKind,
  truthAt,
  widthOf,
} from '../../../domain/task';
import { emptyScores, type Scores } from '../../../domain/scores';
import type { BinnedValues } from '../bins';
import type { Blocks } from '../blocks';
import type { Measures } from '../measure';
import { binary, LOG_LOSS } from './binary';
import { CLASS_LOG_LOSS, classes } from './classes';
import { labelLogLoss, labels } from './labels';
import { ABSOLUTE_ERROR, number } from './number';

/** Coordinates of a row, for an error. */
export type RowName = (row: number) => Where;

export interface Loss {
  readonly metric: string;
  /** @param scores a row's begin `at` there */
  readonly of: (scores: ArrayLike<number>, at: number, label: number) => number;
}

export interface TaskStatistics {
  readonly kind: TaskKind;
  readonly target: Target;
  /** All metrics that are defined on these rows, in the order of the task's facts. */
  measure(scores: Scores, labels: Float32Array, blocks: Blocks): Measures;
  /** What the charts of an evaluation show. */
  curves(scores: Scores, labels: Float32Array): Curves;
  /** One row's loss. Slices and shadow pairs show its mean, which is the metric of this name. */
  readonly loss: Loss;
  /** What drift compares of the scores. */
  watched(scores: Scores): BinnedValues;
  /** The least difference of mean prediction and mean truth that is a bias, in the label's unit. */
  biasFloor(floor: number, baseline: Baseline | undefined): number;
}

/** An objective as far as metrics go by it. */
export type MeasuredObjective = Measured<Objective>;
type Measured<O> = O extends Objective ? Omit<O, 'controlShare'> : never;

export function statisticsOf(objective: MeasuredObjective): TaskStatistics {
  switch (objective.task) {
    case 'binary':
      return binary(objective);
    case 'number':
      return number;
    case 'classes':
      return classes(objective);
    case 'labels':
      return labels(objective);
  }
}

export function lossOf(target: Target): Loss {
  if (typeof target !== 'string') return 'labels' in target ? labelLogLoss(target.labels.length) : CLASS_LOG_LOSS;
  return target === 'binary' ? LOG_LOSS : ABSOLUTE_ERROR;
}

/** @throws MlopsError MLOPS_LABEL_INVALID, naming the row */
export function checkLabels(target: Target, labels: Float32Array, rowName: RowName): void {
  const row = labels.findIndex((label) => !isLabel(target, label));
  if (row < 0) return;
  const what = `A label is ${labels[row]}, not ${labelWords(target)}.`;
  throw new MlopsError('MLOPS_LABEL_INVALID', what, rowName(row), 'Fix the label of this row.');
}

/**
 * Labels that a model can learn from.
 * @throws MlopsError MLOPS_LABEL_INVALID; MLOPS_ONE_CLASS: all are the same; MLOPS_CLASS_MISSING: none is of a declared class, or a
 * declared label holds in none or in all
 */
export function checkTrainingLabels(target: Target, labels: Float32Array, rowName: RowName): void {
  checkLabels(target, labels, rowName);
  if (labels.some((label) => label !== labels[0])) {
    if (typeof target === 'string') return;
    if ('labels' in target) requireBothOfEach(target, labels);
    else requireAllClasses(target.classes, labels);
    return;
  }
  const [first] = labels;
  const alike = first === undefined ? 'missing' : labelInWords(target, first);
  const what = `All labels of the training rows are ${alike}.`;
  throw new MlopsError('MLOPS_ONE_CLASS', what, { rows: labels.length }, 'Look at the label rule; widen the split.');
}

/** A model would give a class that it never saw no chance, and be wrong of each row of it. */
function requireAllClasses(classes: readonly string[], labels: Float32Array): void {
  const seen = new Set(labels);
  const unseen = classes.filter((_, place) => !seen.has(place));
  if (unseen.length === 0) return;
  const what = 'No training row is of a class that the objective declares.';
  const where = { classes: unseen.slice(0, SHOWN_UNSEEN).join(', '), missing: unseen.length, of: classes.length };
  const fix =
    'Widen the split, wait for such rows, or leave the class out of objective.classes and its rows out of the source.';
  throw new MlopsError('MLOPS_CLASS_MISSING', what, where, fix);
}

/** A label that holds in all rows or in none teaches nothing that tells rows apart. */
function requireBothOfEach({ labels: names }: Extract<Target, { labels: unknown }>, labels: Float32Array): void {
  let [any, all] = [0, -1];
  for (const label of labels) {
    any |= label;
    all &= label;
  }
  const unlearnable = names.filter((_, place) => ((any & ~all) >>> place) % 2 === 0);
  if (unlearnable.length === 0) return;
  const [first] = unlearnable;
  const none = ((any >>> names.indexOf(first!)) & 1) === 0;
  const what = `A label that the objective declares holds in ${none ? 'no training row' : 'every training row'}.`;
  const where = { labels: unlearnable.slice(0, SHOWN_UNSEEN).join(', '), alike: unlearnable.length, of: names.length };
  const fix = 'Widen the split, wait for other rows, or leave the label out of objective.labels.';
  throw new MlopsError('MLOPS_CLASS_MISSING', what, where, fix);
}

const SHOWN_UNSEEN = 10;

/** @param labels [rows], at least one */
export function baselineOf(target: Target, labels: Float32Array): Baseline {
  if (typeof target !== 'string') {
    const counts = new Float64Array(widthOf(target));
    for (const label of labels)
      for (let place = 0; place < counts.length; place += 1) counts[place]! += truthAt(target, label, place);
    const means = Array.from(counts, (count) => count / labels.length);
    return { means, deviations: means.map((rate) => Math.sqrt(rate * (1 - rate))) };
  }
  let sum = 0;
  for (const label of labels) sum += label;
  const mean = sum / labels.length;
  let squares = 0;
  for (const label of labels) squares += (label - mean) ** 2;
  return { means: [mean], deviations: [Math.sqrt(squares / labels.length)] };
}

/** What a baseline predicts for each of `rows`. */
export function baselineScores({ means }: Baseline, rows: number): Scores {
  const scores = emptyScores(means.length, rows);
  for (let at = 0; at < scores.values.length; at += means.length) scores.values.set(means, at);
  return scores;
}

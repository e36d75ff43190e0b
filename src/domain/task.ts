/**
 * What a project predicts. Each task's labels, answers and metrics stand here, in the shapes that records have; its
 * statistics are a file in engines/stats/tasks. Whoever handles labels or scores goes by these.
 */
import type { Objective } from './definition';
import { classMetrics, METRICS } from './metrics';
import { likeliest, type Scores } from './scores';

/** How a version's scores become answers: recorded with the version, and where it is served. */
export type Task =
  /** One of two outcomes: a score is the probability of 1, and from the threshold on the decision is 1. */
  | { readonly kind: 'binary'; readonly decisionThreshold: number }
  /** A number in the label's unit. A score is that number; nothing is decided. */
  | { readonly kind: 'number' }
  /** One of several named classes. A score is a probability for each, in their order; the likeliest one's name is decided. */
  | { readonly kind: 'classes'; readonly classes: readonly string[] };

export type TaskKind = Task['kind'];

/** What labels are, whatever is decided by scores: in steps' keys, so that a threshold changes neither labels nor models. */
export type Target = Exclude<TaskKind, 'classes'> | { readonly classes: readonly string[] };

/** What an endpoint answers, by the Open Inference Protocol's datatype names. */
export interface Output {
  readonly name: 'probability' | 'decision' | 'prediction';
  readonly datatype: 'FP32' | 'INT64' | 'BYTES';
  readonly gives: 'score' | 'decision';
  /** [rows, classes]; absent: [rows] */
  readonly perClass?: true;
}

export interface TaskFacts {
  /** The score's output, then that of the decision where there is one. */
  readonly outputs: readonly Output[];
  /** What a score's numbers can be. */
  readonly isScore: (value: number) => boolean;
  readonly scoreWords: string;
  /** Every evaluation computes them; each is there unless it is undefined on the rows at hand. */
  readonly metrics: readonly string[];
  /** Those that reports and windows name. */
  readonly headline: readonly string[];
  /** What reports call the means of scores and labels, and the mean of the rows' losses. */
  readonly words: { readonly prediction: string; readonly truth: string; readonly loss: string };
  /** What candidates are compared by where nothing else is asked for: smaller is better. */
  readonly primary: string;
}

const isProbability = (value: number): boolean => value >= 0 && value <= 1;

export const TASKS: Readonly<Record<TaskKind, TaskFacts>> = {
  binary: {
    outputs: [
      { name: 'probability', datatype: 'FP32', gives: 'score' },
      { name: 'decision', datatype: 'INT64', gives: 'decision' },
    ],
    isScore: isProbability,
    scoreWords: 'within 0 and 1',
    metrics: METRICS.binary,
    headline: ['auc', 'logLoss'],
    words: { prediction: 'mean probability', truth: 'rate', loss: 'log loss' },
    primary: 'logLoss',
  },
  number: {
    outputs: [{ name: 'prediction', datatype: 'FP32', gives: 'score' }],
    isScore: isFloat32,
    scoreWords: 'a finite number',
    metrics: METRICS.number,
    headline: ['rmse', 'mae', 'r2'],
    words: { prediction: 'mean prediction', truth: 'mean truth', loss: 'mean absolute error' },
    primary: 'rmse',
  },
  classes: {
    outputs: [
      { name: 'probability', datatype: 'FP32', gives: 'score', perClass: true },
      { name: 'prediction', datatype: 'BYTES', gives: 'decision' },
    ],
    isScore: isProbability,
    scoreWords: 'within 0 and 1',
    metrics: METRICS.classes,
    headline: ['logLoss', 'accuracy', 'macroF1'],
    words: { prediction: 'mean probability', truth: 'rate', loss: 'log loss' },
    primary: 'logLoss',
  },
};

/** As models have them: a number beyond ±3.4 · 10³⁸ is none of theirs. */
function isFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

export const TASK_KINDS = Object.keys(TASKS) as readonly TaskKind[];

export function taskOf(objective: Objective): Task {
  switch (objective.task) {
    case 'binary':
      return { kind: 'binary', decisionThreshold: objective.decisionThreshold };
    case 'number':
      return { kind: 'number' };
    case 'classes':
      return { kind: 'classes', classes: objective.classes };
  }
}

export function targetOf(task: Task): Target {
  return task.kind === 'classes' ? { classes: task.classes } : task.kind;
}

export function kindOf(target: Target): TaskKind {
  return typeof target === 'string' ? target : 'classes';
}

/** Numbers of a score. */
export function widthOf(target: Target): number {
  return typeof target === 'string' ? 1 : target.classes.length;
}

/** Metrics that an evaluation has by the objective. */
export function metricsOf(
  objective: Pick<Objective, 'task'> & { readonly classes?: readonly string[] }
): readonly string[] {
  return [...TASKS[objective.task].metrics, ...classMetrics(objective.classes ?? [])];
}

/** Whether a label, as arrays have it, is one: of classes it is the class's place. */
export function isLabel(target: Target, label: number): boolean {
  if (target === 'binary') return label === 0 || label === 1;
  if (target === 'number') return isFloat32(label);
  return Number.isInteger(label) && label >= 0 && label < target.classes.length;
}

/** Classes in an error. */
const SHOWN_CLASSES = 10;

/** After `A label is …`. */
export function labelWords(target: Target): string {
  if (target === 'binary') return '0 or 1';
  if (target === 'number') return 'a finite number';
  const { classes } = target;
  const more = classes.length > SHOWN_CLASSES ? `, … (${classes.length})` : '';
  return `one of the classes ${classes.slice(0, SHOWN_CLASSES).join(', ')}${more}`;
}

/**
 * From what the world says (0 or 1, a number, a class's name) to the label; undefined for what is none. A class whose name is
 * a number's text may be given as that number.
 */
export function labelReader(target: Target): (value: unknown) => number | undefined {
  if (typeof target === 'string') {
    return (value) => (typeof value === 'number' && isLabel(target, value) ? value : undefined);
  }
  const places = placesOf(target.classes);
  return (value) => (typeof value === 'string' || typeof value === 'number' ? places.get(String(value)) : undefined);
}

const PLACES = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** Made once for each list: readers are asked for row by row. */
function placesOf(classes: readonly string[]): ReadonlyMap<string, number> {
  const known = PLACES.get(classes);
  if (known !== undefined) return known;
  const places = new Map(classes.map((name, place) => [name, place]));
  PLACES.set(classes, places);
  return places;
}

/** Name of a model's output that scores stand in: the endpoint gives it by the same name. */
export function scoreOutput(kind: TaskKind): Output['name'] {
  return TASKS[kind].outputs[0]!.name;
}

/** What was decided for a row: 0 or 1, or a class's name. */
export type Decision = number | string;

/** A field `decisions`, where the task has them. */
export function decisionsOf(task: Task, scores: Scores): { readonly decisions?: readonly Decision[] } {
  switch (task.kind) {
    case 'number':
      return {};
    case 'binary':
      return { decisions: Array.from(scores.values, (score) => (score >= task.decisionThreshold ? 1 : 0)) };
    case 'classes':
      return { decisions: Array.from(likeliest(scores), (place) => task.classes[place]!) };
  }
}

/**
 * Figures of the training rows' labels, one for each number of a score. A baseline predicts the mean for every row (of
 * classes each one's share); the deviation is the labels' standard deviation.
 */
export interface Baseline {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

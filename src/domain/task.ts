/**
 * What a project predicts. Each task's labels, answers and metrics stand here, in the shapes that records have; its
 * statistics are a file in engines/stats/tasks. Whoever handles labels or scores goes by these.
 */
import type { Objective } from './definition';
import { classMetrics, labelMetrics, METRICS } from './metrics';
import { likeliest, type Scores } from './scores';

/** How a version's scores become answers: recorded with the version, and where it is served. */
export type Task =
  /** One of two outcomes: a score is the probability of 1, and from the threshold on the decision is 1. */
  | { readonly kind: 'binary'; readonly decisionThreshold: number }
  /** A number in the label's unit. A score is that number; nothing is decided. */
  | { readonly kind: 'number' }
  /** One of several named classes. A score is a probability for each, in their order; the likeliest one's name is decided. */
  | { readonly kind: 'classes'; readonly classes: readonly string[] }
  /** Any of several named labels at once. A score is a probability for each, in their order; those from the threshold on are decided. */
  | { readonly kind: 'labels'; readonly labels: readonly string[]; readonly decisionThreshold: number };

export type TaskKind = Task['kind'];

/** What labels are, whatever is decided by scores: in steps' keys, so that a threshold changes neither labels nor models. */
export type Target =
  | Exclude<TaskKind, 'classes' | 'labels'>
  | { readonly classes: readonly string[] }
  | { readonly labels: readonly string[] };

/** What an endpoint answers, by the Open Inference Protocol's datatype names. */
export interface Output {
  readonly name: 'probability' | 'decision' | 'prediction';
  readonly datatype: 'FP32' | 'INT64' | 'BYTES';
  readonly gives: 'score' | 'decision';
  /** [rows, classes or labels]; absent: [rows] */
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
  labels: {
    outputs: [
      { name: 'probability', datatype: 'FP32', gives: 'score', perClass: true },
      { name: 'prediction', datatype: 'INT64', gives: 'decision', perClass: true },
    ],
    isScore: isProbability,
    scoreWords: 'within 0 and 1',
    metrics: METRICS.labels,
    headline: ['logLoss', 'microF1', 'macroF1', 'subsetAccuracy'],
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
    case 'labels':
      return { kind: 'labels', labels: objective.labels, decisionThreshold: objective.decisionThreshold };
  }
}

export function targetOf(task: Task): Target {
  switch (task.kind) {
    case 'classes':
      return { classes: task.classes };
    case 'labels':
      return { labels: task.labels };
    case 'binary':
    case 'number':
      return task.kind;
  }
}

export function kindOf(target: Target): TaskKind {
  if (typeof target === 'string') return target;
  return 'labels' in target ? 'labels' : 'classes';
}

/** What each number of a score is of; undefined where a score is one number. */
export function namesOf(target: Target): readonly string[] | undefined {
  if (typeof target === 'string') return undefined;
  return 'labels' in target ? target.labels : target.classes;
}

/** Numbers of a score. */
export function widthOf(target: Target): number {
  return namesOf(target)?.length ?? 1;
}

/** What the number at `place` of a score is held against: of classes and labels 1 where the row has that one, else 0. */
export function truthAt(target: Target, label: number, place: number): number {
  if (typeof target === 'string') return label;
  return 'labels' in target ? (label >>> place) & 1 : label === place ? 1 : 0;
}

/** Metrics that an evaluation has by the objective. */
export function metricsOf(
  objective: Pick<Objective, 'task'> & { readonly classes?: readonly string[]; readonly labels?: readonly string[] }
): readonly string[] {
  const { task, classes = [], labels = [] } = objective;
  return [...TASKS[task].metrics, ...classMetrics(classes), ...labelMetrics(labels)];
}

/** Of the task `labels`, at most: a row's label is one float32, which has whole numbers up to 2²⁴. */
export const MOST_LABELS = 24;

/**
 * Whether a label, as arrays have it, is one: of classes it is the class's place, of labels the sum of 2^place over the places of those
 * that hold.
 */
export function isLabel(target: Target, label: number): boolean {
  if (target === 'binary') return label === 0 || label === 1;
  if (target === 'number') return isFloat32(label);
  const values = 'labels' in target ? 2 ** target.labels.length : target.classes.length;
  return Number.isInteger(label) && label >= 0 && label < values;
}

/** Classes or labels in an error. */
const SHOWN_NAMES = 10;

/** After `A label is …`. */
export function labelWords(target: Target): string {
  if (target === 'binary') return '0 or 1';
  if (target === 'number') return 'a finite number';
  return 'labels' in target
    ? `a list of any of the labels ${firstOf(target.labels)}`
    : `one of the classes ${firstOf(target.classes)}`;
}

export function firstOf(names: readonly string[]): string {
  const more = names.length > SHOWN_NAMES ? `, … (${names.length})` : '';
  return `${names.slice(0, SHOWN_NAMES).join(', ')}${more}`;
}

/**
 * From what the world says (0 or 1, a number, a class's name, a list of labels' names) to the label; undefined for what is none. A name
 * that is a number's text may be given as that number.
 */
export function labelReader(target: Target): (value: unknown) => number | undefined {
  if (typeof target === 'string') {
    return (value) => (typeof value === 'number' && isLabel(target, value) ? value : undefined);
  }
  const places = placesOf(namesOf(target)!);
  const placeOf = (name: unknown) =>
    typeof name === 'string' || typeof name === 'number' ? places.get(String(name)) : undefined;
  if ('classes' in target) return placeOf;
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    let label = 0;
    for (const name of value as readonly unknown[]) {
      const place = placeOf(name);
      if (place === undefined) return undefined;
      label |= 1 << place;
    }
    return label;
  };
}

/** The same of what a record has, which is what `recordedLabel` gives. */
export function recordReader(target: Target): (value: unknown) => number | undefined {
  const labelOf = labelReader(target);
  if (kindOf(target) !== 'labels') return labelOf;
  return (value) => (typeof value === 'string' ? labelOf(listedIn(value)) : undefined);
}

/** As records have a label: 0 or 1, a number, a class's name, or the names of those that hold, in one text. */
export function recordedLabel(target: Target, label: number): number | string {
  if (typeof target === 'string') return label;
  return 'classes' in target ? target.classes[label]! : listOf(target.labels, label);
}

/** For an error. */
export function labelInWords(target: Target, label: number): string {
  const recorded = String(recordedLabel(target, label));
  return recorded === '' ? 'empty' : recorded;
}

/** Between names in a text; no label's name has it. */
export const BETWEEN_LABELS = ';';

function listOf(labels: readonly string[], label: number): string {
  return labels.filter((_, place) => (label >>> place) & 1).join(BETWEEN_LABELS);
}

/** The empty text lists nothing: none holds. */
function listedIn(text: string): readonly string[] {
  return text === '' ? [] : text.split(BETWEEN_LABELS);
}

/** 1 for each label that the text lists, 0 for the others. */
export function flagsOf(labels: readonly string[], text: string): readonly (0 | 1)[] {
  const listed = new Set(listedIn(text));
  return labels.map((name) => (listed.has(name) ? 1 : 0));
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

/** What was decided for a row: 0 or 1, a class's name, or a text of labels' names. */
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
    case 'labels':
      return { decisions: Array.from(decidedLabels(scores, task), (label) => listOf(task.labels, label)) };
  }
}

/** Of each row the label, as arrays have it, of those whose probability is the threshold or more. */
export function decidedLabels(
  { width, values }: Scores,
  { decisionThreshold }: { readonly decisionThreshold: number }
): Int32Array {
  const decided = new Int32Array(values.length / width);
  values.forEach((score, at) => {
    if (score >= decisionThreshold) decided[Math.floor(at / width)]! |= 1 << (at % width);
  });
  return decided;
}

/**
 * Figures of the training rows' labels, one for each number of a score. A baseline predicts the mean for every row (of
 * classes and labels each one's share); the deviation is the labels' standard deviation.
 */
export interface Baseline {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** What an evaluation says of a candidate: metrics with intervals, beside a baseline and the champion on the same rows. */
import type { Curves } from './curves';
import type { GateDefinition } from './definition';
import type { Digest, Ref } from './refs';
import type { RowFilter } from './split';
import { TASKS, type TaskKind } from './task';

/** An estimate with its interval by blocks of the declared cluster. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly blocks: number;
  readonly confidence: number;
  /** For example `t on day blocks`, `day jackknife`. */
  readonly method: string;
}

export type Metrics = Readonly<Record<string, Interval>>;

export interface Evaluation {
  readonly task: TaskKind;
  readonly rows: number;
  /** Rows of the period that were left out since they have no label. */
  readonly unlabelled: number;
  /** The labels' mean; absent of classes and labels, which have one each. */
  readonly meanTruth?: number;
  readonly meanPrediction?: number;
  /** Each class, or label, of the objective, in its order. */
  readonly classes?: readonly ClassRates[];
  readonly candidate: Metrics;
  /** Predicting the mean of the training rows' labels for everyone, of classes and labels their shares. */
  readonly baseline: Readonly<Record<string, number>>;
  readonly champion?: Metrics;
  /** Paired on the same rows: candidate − baseline, candidate − champion. */
  readonly againstBaseline: Metrics;
  readonly againstChampion?: Metrics;
  /** Each block of the cluster by itself, to see which day differs: the largest ones; none where each row is a block. */
  readonly slices: readonly Slice[];
  /** What a block is: `day`, `row`, a column's name, `run of rows`. */
  readonly blocksOf: string;
  /** Of each column that the candidate reads, the most important first. */
  readonly importance?: readonly ColumnImportance[];
  /** Candidate and champion by tests that take rows for independent: shown, no gate goes by them. */
  readonly rowTests?: RowTests;
  /** By the values of the declared columns, and of those that gates name: column by column, the values that most rows have first. */
  readonly columnSlices?: readonly ColumnSlice[];
  /** Values of columns whose rows have a higher loss than the others, the surest first. */
  readonly worstSlices?: readonly WorstSlice[];
  /** What its charts show. */
  readonly curves: { readonly candidate: Curves; readonly champion?: Curves };
}

export interface ClassRates {
  readonly name: string;
  /** Share of the rows that are of it, or have it. */
  readonly meanTruth: number;
  /** Its mean probability. */
  readonly meanPrediction: number;
}

/** How much the mean loss grows when the column's values are shuffled among a sample of the rows. */
export interface ColumnImportance {
  readonly column: string;
  /** The mean over several shuffles, and their standard deviation. */
  readonly increase: number;
  readonly deviation: number;
}

export interface RowTests {
  /** Of decisions: rows that one model alone has right. */
  readonly mcNemar?: { readonly candidateAlone: number; readonly championAlone: number; readonly pValue: number };
  /** Of the difference of two AUCs on the same rows (DeLong, DeLong & Clarke-Pearson 1988). */
  readonly deLong?: { readonly difference: number; readonly error: number; readonly pValue: number };
}

/** The rows with one value of a column. Of fewer than `minRows` rows there are no metrics. */
export interface ColumnSlice {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  readonly candidate?: Metrics;
  readonly champion?: Metrics;
  readonly againstBaseline?: Metrics;
  readonly againstChampion?: Metrics;
}

export interface WorstSlice {
  readonly column: string;
  /** A value, or a range of numbers: `12 to 30`. */
  readonly value: string;
  readonly rows: number;
  /** Mean loss of its rows, and of all others. */
  readonly loss: number;
  readonly others: number;
  /** Of the hypothesis that its loss is not higher than the others'; corrected for all slices that were looked at (Holm). */
  readonly pValue: number;
}

export interface Slice {
  /** `2001-01-25` */
  readonly name: string;
  readonly rows: number;
  /** Absent of classes and labels. */
  readonly meanTruth?: number;
  readonly meanPrediction?: number;
  /** Mean of the rows' losses, by the task's. */
  readonly loss: number;
  readonly championLoss?: number;
}

export interface GateResult {
  readonly gate: string;
  readonly severity: GateDefinition['severity'];
  readonly outcome:
    | 'passed'
    | 'failed'
    | 'skipped: no champion'
    | 'failed: contaminated'
    | 'failed: missing metric'
    | 'failed: missing slice'
    | 'failed: no interval';
  /** The estimate, or the end of the interval that the gate names. */
  readonly value?: number;
  /** Of a gate on slices: the value of the column that the estimate is of, the one that is nearest to failing. */
  readonly slice?: string;
  /** In words: `auc − champion, low end of the interval >= 0.05` */
  readonly bound: string;
}

/** Artifacts: `scores` (float32 per test row), `reference` (frozen bins of features and scores of the test rows). */
export interface EvaluationBody {
  /** Runs, not versions: an evaluation names no project, so a later project that asks the same gets this one. */
  readonly run: Ref<'run'>;
  readonly championRun?: Ref<'run'>;
  /** The model or the champion has seen some of these rows in training: the numbers prove nothing. */
  readonly contaminated: boolean;
  /** Digest of model, test rows and gates, whoever is champion: what a person is asked, asked once. */
  readonly comparisonDigest: Digest;
  /** The rows that it was made on. */
  readonly test: RowFilter;
  readonly evaluation: Evaluation;
  readonly gates: readonly GateResult[];
}

/** Estimates of the task's headline metrics; without those that are undefined on the rows. */
export function headline({
  task,
  candidate,
}: Pick<Evaluation, 'task' | 'candidate'>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    TASKS[task].headline.flatMap((name) => (candidate[name] === undefined ? [] : [[name, candidate[name].estimate]]))
  );
}

/** `auc 0.6604, logLoss 0.4601` */
export function metricWords(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(', ');
}

/** What an evaluation says of a candidate: metrics with intervals, beside a baseline and the champion on the same rows. */
import type { GateDefinition } from './definition';
import type { Digest, Ref } from './refs';
import type { RowFilter } from './split';

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
  readonly rows: number;
  /** Rows of the period that were left out since they have no label. */
  readonly unlabelled: number;
  readonly positives: number;
  readonly meanScore: number;
  readonly candidate: Metrics;
  /** Predicting the training rows' rate for everyone. */
  readonly baseline: Readonly<Record<string, number>>;
  readonly champion?: Metrics;
  /** Paired on the same rows: candidate − baseline, candidate − champion. */
  readonly againstBaseline: Metrics;
  readonly againstChampion?: Metrics;
  /** Each block of the cluster by itself, to see which day differs: the largest ones; none where each row is a block. */
  readonly slices: readonly Slice[];
  /** What a block is: `day`, `row`, a column's name, `run of rows`. */
  readonly blocksOf: string;
}

export interface Slice {
  /** `2001-01-25` */
  readonly name: string;
  readonly rows: number;
  /** The label's mean. */
  readonly rate: number;
  readonly meanScore: number;
  readonly logLoss: number;
  readonly championLogLoss?: number;
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
    | 'failed: no interval';
  /** The estimate, or the end of the interval that the gate names. */
  readonly value?: number;
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

/**
 * The project definition in its normal form: complete, checked, plain JSON. project/ makes it from what a
 * user writes; workflows and activities only read it.
 */
import type { EventDuration, WallDuration } from './durations';

export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'timestamp';
export type Severity = 'block' | 'warn' | 'info';

/** A row is known from this moment on: a column says it, or event time plus a linear rule of columns. */
export type KnownAt =
  | { readonly column: string }
  | {
      readonly eventTimePlus: {
        readonly minutes: number;
        /** column → minutes for each unit of it */
        readonly minutesPer: Readonly<Record<string, number>>;
      };
    };

export interface FileReader {
  readonly path: string;
  readonly format: 'parquet' | 'csv' | 'jsonl';
  readonly csv?: CsvDialect;
}

/** How a CSV file is written. */
export interface CsvDialect {
  /** Between fields: one character or more. */
  readonly delimiter: string;
  /** Around a field that holds delimiters or line ends; '' for none. */
  readonly quote: string;
  /** Before a quote inside quotes. */
  readonly escape: string;
  /** As the WHATWG names it: `utf-8`, `utf-16le`, `windows-1252`, `shift_jis`, … */
  readonly encoding: string;
  /** Decimal mark of numbers. */
  readonly decimal: '.' | ',';
  /** Whether the first row holds the names; else the names in order. `false`: they are `column0`, `column1`, … */
  readonly header: boolean | readonly string[];
  /** Lines before the header or the first row. */
  readonly skip: number;
  /** Blanks around a field are not a part of it. */
  readonly trim: boolean;
}

/** A column of the source; written short, its type alone. */
export interface ColumnDefinition {
  readonly type: ColumnType;
  /** The column's name in the file, if that is another one. */
  readonly from?: string;
  /** Texts that stand for a missing value, instead of the source's. */
  readonly missing?: readonly string[];
  /**
   * How a timestamp is written, the first that fits: `iso`, `epoch s`, `epoch ms`, `epoch us`, `excel` (days since
   * 1899-12-30), or a pattern such as `%d.%m.%Y %H:%M`. One text, or several.
   */
  readonly format?: readonly string[];
  /** IANA zone of timestamps that name none; default UTC. */
  readonly zone?: string;
  /** Its values never stand in profiles, lists of quarantined rows, reports and errors. */
  readonly privacy?: true;
}

export interface SourceDefinition {
  readonly name: string;
  /** Built-in `file`, or a reader registered on the worker. */
  readonly reader: { readonly file: FileReader } | RegisteredUse;
  /** Texts that stand for a missing value in CSV and JSON Lines; a column may have its own. */
  readonly missing: readonly string[];
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  /** Columns that identify a row: one that comes again is a correction. */
  readonly key?: readonly string[];
  /** A timestamp column. */
  readonly eventTime: string;
  readonly knownAt: KnownAt;
}

/** What snapshots, loaded rows and features go by. */
export function columnTypes({ columns }: Pick<SourceDefinition, 'columns'>): Readonly<Record<string, ColumnType>> {
  return Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type]));
}

/** Use of user code that the worker registered under a name with a version. */
export interface RegisteredUse {
  readonly registered: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ColumnRule {
  readonly column: string;
  /** A row without a value breaks the rule. */
  readonly required: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
  /** `block` puts the row in quarantine; `warn` and `info` are counted in the validation report. */
  readonly severity: Severity;
}

/** `dependent` has one value for each combination of `determinants`, as learned from the training rows. */
export interface DependencyRule {
  readonly name: string;
  readonly determinants: readonly string[];
  readonly dependent: string;
  readonly severity: Severity;
}

export interface SchemaDefinition {
  readonly columns: readonly ColumnRule[];
  readonly dependencies: readonly DependencyRule[];
  /** Share of a batch that may be quarantined before the batch itself is refused. */
  readonly maxQuarantinedShare: number;
  /** A batch (in monitoring: a window) fails data quality above this share of rows that break a dependency. */
  readonly maxBrokenShare: number;
  /** A batch with fewer rows is refused. */
  readonly minRows: number;
}

export interface LabelDefinition {
  readonly name: string;
  /** Count it up when the label's meaning changes. */
  readonly version: number;
  readonly labeler:
    | {
        readonly rule: {
          readonly column: string;
          readonly op: '>' | '>=' | '<' | '<=' | '=';
          /** A number or a text, as the column is; of a timestamp ISO-8601 in UTC, of a boolean 'true' or 'false'. */
          readonly value: number | string;
        };
      }
    | RegisteredUse;
}

/** One transform; it reads one column and is a part of the feature graph. */
export type FeatureDefinition =
  /** The time of day of a timestamp, one-hot in `buckets` equal parts of the day. */
  | { readonly transform: 'timeOfDayBuckets'; readonly column: string; readonly buckets: number }
  /** The time of day of a timestamp as sine and cosine of 1 to `harmonics` turns a day. */
  | { readonly transform: 'timeOfDayCycles'; readonly column: string; readonly harmonics: number }
  /** The day of the week of a timestamp, one-hot. */
  | { readonly transform: 'weekday'; readonly column: string }
  /** A number minus the training rows' mean, over their standard deviation. */
  | { readonly transform: 'standardize'; readonly column: string }
  /** The same of the logarithm of a number, for what spans orders of magnitude. */
  | { readonly transform: 'logStandardize'; readonly column: string }
  /** One-hot of a text; a value with fewer than `minCount` training rows counts as unknown. */
  | { readonly transform: 'oneHot'; readonly column: string; readonly minCount: number }
  /** A learned vector of `width` numbers for each value of a text, for the `maxRows` most frequent values. */
  | {
      readonly transform: 'embedding';
      readonly column: string;
      readonly width: number;
      readonly minCount: number;
      readonly maxRows: number;
    };

/** The built-in trainer: a multi-layer perceptron as one training graph, binary cross-entropy, Adam. */
export interface NetworkSpec {
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  /** Rows of one step of Adam. */
  readonly batch: number;
  readonly learningRate: number;
  readonly epochs: number;
  /** Whole epochs are dropped until epochs × rows fits; at least one is run. */
  readonly maxRowsSeen: number;
  /** For the weights and the order of rows. */
  readonly seed: number;
}
export type ModelDefinition = { readonly network: NetworkSpec } | { readonly trainer: RegisteredUse };

/** A period: fixed-length periods of event time, counted from 1970-01-01T00:00Z (a Thursday) plus `offset`. */
export interface Period {
  readonly days: number;
  readonly offsetDays: number;
}

export interface SplitDefinition {
  /** The last `testPeriods` whole periods that ended by asOf are the test rows, everything before trains. */
  readonly testPeriods: number;
  readonly minTrainRows: number;
  readonly minTestRows: number;
}

export interface Objective {
  /** From this probability on the decision is 1. */
  readonly decisionThreshold: number;
  /** Value of each outcome in the project's own unit, printed in the evidence. */
  readonly utility?: {
    readonly truePositive: number;
    readonly falsePositive: number;
    readonly falseNegative: number;
    readonly trueNegative: number;
    readonly unit: string;
  };
}

/** A gate's bound on a metric of the candidate, or on its paired difference to a baseline or the champion. */
export interface GateDefinition {
  readonly name: string;
  readonly metric: string;
  /** `value`: the metric itself. `baseline`: minus that of predicting the training rate. `champion`: minus the champion's, paired. */
  readonly against: 'value' | 'baseline' | 'champion';
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What is held against them: the estimate, or an end of its interval (`low` with atLeast asks that the metric is surely high enough). */
  readonly bound: 'estimate' | 'low' | 'high';
  /** `blocking` rejects without asking a person; `advisory` is shown to the approver. */
  readonly severity: 'blocking' | 'advisory';
}

export interface ApprovalPolicy {
  /** Approvals that approve a request. */
  readonly approversNeeded: number;
  /** Rejections that reject it. */
  readonly rejectsNeeded: number;
  /** People, or `role:<name>`. */
  readonly approvers: readonly string[];
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Whether those who started the cycle or applied the definition may decide. */
  readonly allowSelfApproval: boolean;
  /** After this the request expires. */
  readonly deadline: WallDuration;
  /** An approved version may be rolled out until this long after its request was closed. */
  readonly validFor: WallDuration;
  /** Reminders this long after the request was opened. */
  readonly reminders: readonly WallDuration[];
  /** A trigger that waits this long closes the open request as superseded. */
  readonly supersedeAfter?: WallDuration;
}

export interface RolloutStep {
  readonly name: string;
  /** Share of requests that the candidate answers, 0…1; never smaller than the step's before. */
  readonly share: number;
  /** The candidate also scores, unseen by callers, what the champion answers. */
  readonly shadow: boolean;
  /** How much event time the step lasts. */
  readonly for: EventDuration;
}

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
  /** A step needs so many live replicas. */
  readonly minReplicas: number;
  /** Every live replica reports the step's revision within this, else the step is undone. */
  readonly replicasWithin: WallDuration;
}

export interface MonitoringDefinition {
  readonly period: Period;
  /** How far behind the highest shipped event time the watermark stays. */
  readonly allowedLateness: EventDuration;
  /** Truth belongs to a window until this long after its end. */
  readonly truthDelay: EventDuration;
  /** Share of a window's predictions whose truth must be there before it is judged. */
  readonly truthCoverage: number;
  readonly minRows: number;
  /** A request without an event time is of the time of its receipt, or of none: then it is in no window. */
  readonly withoutEventTime: 'now' | 'none';
  readonly bias: { readonly floor: number; readonly confidence: number };
  readonly drift: { readonly psiFloor: number; readonly falseDiscoveryRate: number };
}

export type TriggerRule =
  /** |mean prediction − mean truth| over the floor, its interval without 0, k times with one sign in the last n windows. */
  | { readonly on: 'bias'; readonly breaches: number; readonly outOf: number; readonly coolDown: EventDuration }
  /** The drift of a watched column is significant and above the floor, k times in the last n windows. */
  | { readonly on: 'drift'; readonly breaches: number; readonly outOf: number; readonly coolDown: EventDuration };

export type NotifierUse =
  | { readonly log: true }
  /** `secretEnv` names the environment variable that holds the signing secret; never its value. */
  | { readonly webhook: { readonly url: string; readonly secretEnv?: string } }
  | RegisteredUse;

export interface ProjectDefinition {
  readonly v: 1;
  readonly name: string;
  readonly source: SourceDefinition;
  readonly schema: SchemaDefinition;
  readonly label: LabelDefinition;
  readonly features: readonly FeatureDefinition[];
  readonly model: ModelDefinition;
  readonly period: Period;
  readonly split: SplitDefinition;
  /** Rows of one cluster aren't independent: intervals are by blocks of it. */
  readonly cluster: 'day';
  readonly objective: Objective;
  /** Computed by evaluation beside the built-in ones; a gate names one as it is registered. */
  readonly metrics: readonly RegisteredUse[];
  readonly gates: readonly GateDefinition[];
  readonly approval: ApprovalPolicy;
  readonly rollout: RolloutPlan;
  readonly monitoring: MonitoringDefinition;
  readonly triggers: readonly TriggerRule[];
  readonly notifiers: readonly NotifierUse[];
  /** Time that an activity's retries may take, all attempts together. */
  readonly retryFor: WallDuration;
  /** A worker that is silent for this long is given up, and its activity runs elsewhere. */
  readonly heartbeatWithin: WallDuration;
}

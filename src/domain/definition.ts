/**
 * The project definition in its normal form: complete, checked, plain JSON. project/ makes it from what a
 * user writes; workflows and activities only read it.
 */
import type { EventDuration, WallDuration } from './durations';

export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'timestamp';
export type Severity = 'block' | 'warn' | 'info';

/** A row is known from this moment on: a column says it, or event time plus a linear rule of columns. */
export type KnownAt =
  | {
      /** A timestamp column that says when the row was known. */
      readonly column: string;
    }
  | {
      readonly eventTimePlus: {
        /** Minutes that are always added. */
        readonly minutes: number;
        /** column → minutes for each unit of it */
        readonly minutesPer: Readonly<Record<string, number>>;
      };
    };

export interface FileReader {
  /** Relative to the worker's data folder (`--data`). `*` stands for any characters of a name, `**` for any folders. */
  readonly path: string;
  /** What the file is. */
  readonly format: 'parquet' | 'csv' | 'jsonl';
  /** How a CSV file is written. */
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
  /** What the column's values are. */
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
  /** Names the source in records and errors. */
  readonly name: string;
  /** Built-in `file`, or a reader registered on the worker. */
  readonly reader: { readonly file: FileReader } | RegisteredUse;
  /** Texts that stand for a missing value, in every format; a column may have its own. */
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
  /** The name under which the worker registered it. */
  readonly registered: string;
  /** Handed to the code as they are. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ColumnRule {
  /** The column that the rule is about. */
  readonly column: string;
  /** A row without a value breaks the rule. */
  readonly required: boolean;
  /** The least value that keeps the rule. */
  readonly min?: number;
  /** The greatest value that keeps the rule. */
  readonly max?: number;
  /** The values that keep the rule, of a text. */
  readonly oneOf?: readonly string[];
  /** `block` puts the row in quarantine; `warn` and `info` are counted in the validation report. */
  readonly severity: Severity;
}

/** `dependent` has one value for each combination of `determinants`, as learned from the training rows. */
export interface DependencyRule {
  /** Names the rule in reports. */
  readonly name: string;
  /** Columns that together decide the dependent. */
  readonly determinants: readonly string[];
  /** The column that has one value for each combination of them. */
  readonly dependent: string;
  /** As of a column rule. */
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
  /** Names the label in records and reports. */
  readonly name: string;
  /** Count it up when the label's meaning changes. */
  readonly version: number;
  readonly labeler:
    | {
        readonly rule: {
          /** The column that is compared. */
          readonly column: string;
          /** The row's label is 1 where the comparison holds, 0 where it does not, none where the value is missing. */
          readonly op: '>' | '>=' | '<' | '<=' | '=';
          /** A number or a text, as the column is; of a timestamp ISO-8601 in UTC, of a boolean 'true' or 'false'. */
          readonly value: number | string;
        };
      }
    | RegisteredUse;
}

/** One transform; it reads one column and is a part of the feature graph. */
export type FeatureDefinition =
  /** The time of day of a timestamp, one-hot. */
  | {
      readonly transform: 'timeOfDayBuckets';
      /** A timestamp. */
      readonly column: string;
      /** Equal parts of the day. */
      readonly buckets: number;
    }
  /** The time of day of a timestamp as sine and cosine. */
  | {
      readonly transform: 'timeOfDayCycles';
      /** A timestamp. */
      readonly column: string;
      /** Pairs of sine and cosine, of 1 to so many turns a day. */
      readonly harmonics: number;
    }
  /** The day of the week of a timestamp, one-hot. */
  | {
      readonly transform: 'weekday';
      /** A timestamp. */
      readonly column: string;
    }
  /** A number minus the training rows' mean, over their standard deviation. */
  | {
      readonly transform: 'standardize';
      /** A number. */
      readonly column: string;
    }
  /** The same of the logarithm of a number, for what spans orders of magnitude. */
  | {
      readonly transform: 'logStandardize';
      /** A number. */
      readonly column: string;
    }
  /** One-hot of a text, a number or a boolean. */
  | {
      readonly transform: 'oneHot';
      /** What has few values. */
      readonly column: string;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
    }
  /** A learned vector for each value of a text. */
  | {
      readonly transform: 'embedding';
      /** A text. */
      readonly column: string;
      /** Numbers of each vector. */
      readonly width: number;
      /** A value with fewer training rows counts as unknown. */
      readonly minCount: number;
      /** Vectors at most, of the most frequent values. */
      readonly maxRows: number;
    };

/** The built-in trainer: a multi-layer perceptron as one training graph, binary cross-entropy, Adam. */
export interface NetworkSpec {
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  /** Rows of one step of Adam. */
  readonly batch: number;
  /** Adam's step size. */
  readonly learningRate: number;
  /** Times that all training rows are seen. */
  readonly epochs: number;
  /** Whole epochs are dropped until epochs × rows fits; at least one is run. */
  readonly maxRowsSeen: number;
  /** For the weights and the order of rows. */
  readonly seed: number;
}
export type ModelDefinition = { readonly network: NetworkSpec } | { readonly trainer: RegisteredUse };

/** A period: fixed-length periods of event time, counted from 1970-01-01T00:00Z (a Thursday) plus `offset`. */
export interface Period {
  /** Length in days. */
  readonly days: number;
  /** Days after 1970-01-01, a Thursday, at which periods begin: 4 is Monday for weeks. */
  readonly offsetDays: number;
}

export interface SplitDefinition {
  /** The last `testPeriods` whole periods that ended by asOf are the test rows, everything before trains. */
  readonly testPeriods: number;
  /** With fewer training rows the phase fails. */
  readonly minTrainRows: number;
  /** With fewer test rows the phase fails. */
  readonly minTestRows: number;
}

export interface Objective {
  /** From this probability on the decision is 1. */
  readonly decisionThreshold: number;
  /** Value of each outcome in the project's own unit, printed in the evidence. */
  readonly utility?: {
    /** A 1 that was predicted as 1. */
    readonly truePositive: number;
    /** A 0 that was predicted as 1. */
    readonly falsePositive: number;
    /** A 1 that was predicted as 0. */
    readonly falseNegative: number;
    /** A 0 that was predicted as 0. */
    readonly trueNegative: number;
    /** What the values are counted in, such as `EUR`. */
    readonly unit: string;
  };
}

/** A gate's bound on a metric of the candidate, or on its paired difference to a baseline or the champion. */
export interface GateDefinition {
  /** Names the gate in evidence and notices. */
  readonly name: string;
  /** A built-in metric (below) or a registered one. */
  readonly metric: string;
  /** `value`: the metric itself. `baseline`: minus that of predicting the training rate. `champion`: minus the champion's, paired. */
  readonly against: 'value' | 'baseline' | 'champion';
  /** The gate fails below it. */
  readonly atLeast?: number;
  /** The gate fails above it. */
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
  /** People by role. */
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
  /** Names the step in records and notices. */
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
  /** A window with fewer rows gets no verdict. */
  readonly minRows: number;
  /** A request without an event time is of the time of its receipt, or of none: then it is in no window. */
  readonly withoutEventTime: 'now' | 'none';
  readonly bias: {
    /** Smaller differences of mean prediction and mean truth are not a breach. */
    readonly floor: number;
    /** Confidence of the interval that must exclude 0. */
    readonly confidence: number;
  };
  readonly drift: {
    /** Smaller population stability indices are not drift, however significant they are. */
    readonly psiFloor: number;
    /** Expected share of false alarms among the columns that are called drifted (Benjamini and Hochberg). */
    readonly falseDiscoveryRate: number;
  };
}

export type TriggerRule =
  /** |mean prediction − mean truth| over the floor, its interval without 0, with one sign in all the breaches. */
  | {
      readonly on: 'bias';
      /** So many windows must breach … */
      readonly breaches: number;
      /** … of the last so many. */
      readonly outOf: number;
      /** After it has fired it stays silent for so long. */
      readonly coolDown: EventDuration;
    }
  /** The drift of a watched column is significant and above the floor. */
  | {
      readonly on: 'drift';
      /** So many windows must breach … */
      readonly breaches: number;
      /** … of the last so many. */
      readonly outOf: number;
      /** After it has fired it stays silent for so long. */
      readonly coolDown: EventDuration;
    };

export type NotifierUse =
  /** A line in the worker's log. */
  | { readonly log: true }
  /** A POST of the notice as JSON. */
  | {
      readonly webhook: {
        /** http or https. */
        readonly url: string;
        /** The environment variable of the worker that holds the signing secret; never its value. */
        readonly secretEnv?: string;
      };
    }
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

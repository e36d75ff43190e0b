/**
 * What a user writes: the normal form of domain/definition.ts with the fields left out that have a default. The normal
 * form is an input, too. `Column` are the names of the source's columns, so that an editor completes them.
 */
import type {
  ApprovalPolicy,
  Calibration,
  ColumnDefinition,
  ColumnRule,
  ColumnType,
  CsvDialect,
  DependencyRule,
  FeatureDefinition,
  FileForm,
  GateDefinition,
  JoinReader,
  KnownAt,
  MongoReader,
  MonitoringDefinition,
  LinearSpec,
  NetworkSpec,
  NotifierUse,
  Objective,
  PredictionsReader,
  RegisteredUse,
  RolloutPlan,
  RolloutStep,
  SchemaDefinition,
  SqlReader,
  Period,
  WindowsOfRows,
  SplitDefinition,
  StudySpec,
  TableRule,
  TreesSpec,
  TriggerRule,
  ViewDefinition,
} from '../domain/definition';
import type { WallDuration } from '../domain/durations';

type WithDefaults<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

interface StudyInput extends Partial<Omit<StudySpec, 'of' | 'rungs'>> {
  readonly of: unknown;
  readonly rungs?: WithDefaults<NonNullable<StudySpec['rungs']>, 'eta'>;
}
/** The fields of each member of a union, not only those that all have. */
type OnColumns<T, Column> = T extends { readonly column: string }
  ? Omit<T, 'column'> & { readonly column: NoInfer<Column> }
  : never;

/** Default: no parameters. */
type RegisteredUseInput = WithDefaults<RegisteredUse, 'params'>;

interface ColumnInput extends Omit<ColumnDefinition, 'format'> {
  /** Timestamps: one format, or several of which the first counts that fits. Default: ISO-8601. */
  readonly format?: string | readonly string[];
}

interface FileFormInput {
  /** Default: by the path's ending. */
  readonly format?: FileForm['format'];
  /** Default: UTF-8, commas, a header, double quotes. */
  readonly csv?: Partial<CsvDialect>;
}

export interface SourceInput<Column extends string> {
  /** Default: the project's name. */
  readonly name?: string;
  readonly reader:
    | {
        readonly file: FileFormInput & {
          /** Relative to the worker's `--data` folder, by default its working directory. `*` and `**` name several files. */
          readonly path: string;
        };
      }
    | {
        readonly http: FileFormInput & {
          /** A connection of kind `http` that the worker declares (`mlops worker --connections`). */
          readonly connection: string;
          /** Relative to the connection's address: one path, or several. */
          readonly path: string | readonly string[];
        };
      }
    | {
        readonly s3: FileFormInput & {
          /** A connection of kind `s3` that the worker declares. */
          readonly connection: string;
          readonly bucket: string;
          /** A key, or a pattern with `*` and `**`. */
          readonly path: string;
        };
      }
    | { readonly mongodb: MongoReader }
    | { readonly predictions: PredictionsReader }
    | { readonly sql: SqlReader }
    | { readonly join: JoinReader }
    | RegisteredUseInput;
  /** Default: the empty text. */
  readonly missing?: readonly string[];
  /** Each column's type, or an object with more about it. */
  readonly columns: Readonly<Record<Column, ColumnType | ColumnInput>>;
  /** Columns that identify a row. Default: all of them together; of a join those of its rows. */
  readonly key?: readonly NoInfer<Column>[];
  /** Default: none; rows are then in the order of their keys. Of a join that of its rows. */
  readonly eventTime?: NoInfer<Column>;
  /** Default: at its event time; without one always. Of a join that of its rows. */
  readonly knownAt?:
    | OnColumns<Extract<KnownAt, { column: unknown }>, Column>
    | {
        readonly eventTimePlus: {
          /** Default 0. */
          readonly minutes?: number;
          readonly minutesPer?: Readonly<Partial<Record<NoInfer<Column>, number>>>;
        };
      };
}

type RuleDefault = 'severity' | 'floor' | 'pValue';

/** A rule about the table, with its column's name checked by the editor. */
type TableRuleInput<Column extends string> = TableRule extends infer R
  ? R extends { readonly measure: unknown }
    ? Omit<WithDefaults<R, Extract<keyof R, RuleDefault>>, 'column'> & { readonly column?: NoInfer<Column> }
    : R extends { readonly unique: unknown }
      ? Omit<WithDefaults<R, Extract<keyof R, RuleDefault>>, 'unique'> & { readonly unique: readonly NoInfer<Column>[] }
      : R extends { readonly drift: unknown }
        ? Omit<WithDefaults<R, Extract<keyof R, RuleDefault>>, 'drift'> & { readonly drift: NoInfer<Column> }
        : R extends TableRule
          ? WithDefaults<R, Extract<keyof R, RuleDefault>>
          : never
  : never;

export interface SchemaInput<Column extends string>
  extends Partial<Omit<SchemaDefinition, 'columns' | 'table' | 'dependencies'>> {
  /** Default of a rule: required, and a row that breaks it goes to quarantine; in training and serving. */
  readonly columns?: readonly OnColumns<WithDefaults<ColumnRule, 'required' | 'severity'>, Column>[];
  /**
   * Defaults: a batch that breaks it is refused (of drift: reported, floor 0.1, pValue 0.001); in training and serving,
   * what counts rows or adds them up in training alone.
   */
  readonly table?: readonly TableRuleInput<Column>[];
  /** Defaults: named after its columns, severity `warn`. */
  readonly dependencies?: readonly (Partial<Pick<DependencyRule, 'name' | 'severity' | 'mostly'>> & {
    readonly determinants: readonly NoInfer<Column>[];
    readonly dependent: NoInfer<Column>;
  })[];
}

export interface LabelInput<Column extends string> {
  readonly name: string;
  /** Default 1. Count it up when the label's meaning changes. */
  readonly version?: number;
  readonly labeler:
    | {
        readonly rule: {
          readonly column: NoInfer<Column>;
          readonly op: '>' | '>=' | '<' | '<=' | '=';
          /** A number or a text, as the column is; of a timestamp ISO-8601 in UTC, of a boolean 'true' or 'false'. */
          readonly value: number | string;
        };
      }
    | {
        /** The column's value is the label: of the tasks `number`, `classes` and `labels`. */
        readonly column: NoInfer<Column>;
        /** Of the task `labels`: stands between two names. Default `;`. */
        readonly separator?: string;
      }
    | RegisteredUseInput;
}

type FeatureDefaults =
  | 'buckets'
  | 'harmonics'
  | 'width'
  | 'minCount'
  | 'maxRows'
  | 'of'
  | 'lengths'
  | 'maxFeatures'
  | 'scale'
  | 'plus'
  | 'with'
  | 'smoothing'
  | 'training';
/** `Name` are the names that transforms give their numbers. */
type FeatureInput<Column extends string, Name extends string> = OnNames<
  FeatureDefinition extends infer F
    ? F extends FeatureDefinition
      ? F extends { readonly training: unknown }
        ? Omit<WithDefaults<F, Extract<keyof F, FeatureDefaults>>, 'training'> & {
            /** Default: `earlierRows`; without an event time 5 folds. */
            readonly training?: 'earlierRows' | { readonly folds?: number; readonly seed?: number };
          }
        : WithDefaults<F, Extract<keyof F, FeatureDefaults>>
      : never
    : never,
  NoInfer<Column> | NoInfer<Name>,
  Name
>;
type OnNames<T, Read extends string, Name extends string> = T extends { readonly column: string }
  ? Omit<T, 'column' | 'as'> & { readonly column: Read } & MayBeNamed<T, Name>
  : T extends { readonly columns: readonly string[] }
    ? Omit<T, 'columns' | 'as'> & { readonly columns: Each<T['columns'], Read> } & MayBeNamed<T, Name>
    : never;
type Each<T, Read> = { readonly [I in keyof T]: Read };
type MayBeNamed<T, Name extends string> = 'as' extends keyof T ? { readonly as?: Name } : unknown;

type SplitBy<By extends SplitDefinition['by']> = Extract<SplitDefinition, { readonly by: By }>;
export type SplitInput<Column extends string> =
  | Partial<SplitBy<'time'>>
  | (Pick<SplitBy<'hash'>, 'by'> &
      Partial<Omit<SplitBy<'hash'>, 'columns'>> & { readonly columns?: readonly NoInfer<Column>[] })
  | OnColumns<WithDefaults<SplitBy<'column'>, 'validation' | 'minTrainRows' | 'minTestRows'>, Column>;

export interface ProjectInput<Column extends string = string, Name extends string = string> {
  readonly v?: 1;
  /** Lower-case letters, digits and -, at most 48. */
  readonly name: string;
  readonly source: SourceInput<Column>;
  /** Further sources by name, for statements (`reader.sql`) and joins (`reader.join`). Default: none. */
  readonly sources?: Readonly<Record<string, SourceInput<string>>>;
  /** Feature views by name, for joins. Defaults: clock `knownAt`, no window, no ttl, `missing` when old. */
  readonly views?: Readonly<Record<string, WithDefaults<ViewDefinition, 'clock' | 'whenOld'>>>;
  /** Default: no rule; a batch that loses more than 1 % of its rows to quarantine is refused. */
  readonly schema?: SchemaInput<Column>;
  readonly label: LabelInput<Column>;
  /** Default: none, for a registered trainer that takes columns; every other model needs some. Defaults of their options: 48 buckets of the day and 10 of quantiles, 4 harmonics, minCount 10, width 8, maxRows 20,000, plus 0, with the median. */
  readonly features?: readonly FeatureInput<Column, Name>[];
  /**
   * Default: a network 64-64, batch 512, learning rate 0.001, 20 epochs, at most 20 million rows seen, seed 1, ReLU, Adam at a
   * constant rate, patience 5; nothing else. Trees: 200 rounds,
   * depth 6, learning rate 0.1, minWeight 1, l2 1, all rows and columns, patience 20, seed 1. Linear: l1 0, l2 1, at most 500 steps,
   * tolerance 1e-6.
   * `calibration`: none; it needs validation rows in the split.
   * A study: 50 trials, 2 at once, sampler tpe, seed 1; it needs validation rows in the split.
   */
  readonly model?:
    | { readonly network: Partial<NetworkSpec>; readonly calibration?: Calibration }
    | { readonly trees: Partial<TreesSpec>; readonly calibration?: Calibration }
    | { readonly linear: Partial<LinearSpec>; readonly calibration?: Calibration }
    | { readonly trainer: RegisteredUseInput }
    | { readonly study: StudyInput };
  /** Default: weeks from Monday. */
  readonly period?: Period;
  /**
   * Default: with an event time the last whole period tests; without one a fifth of the rows by hash of `source.key`. At least
   * 1,000 rows train and 200 test.
   */
  readonly split?: SplitInput<Column>;
  /** Default: `day` with an event time, else `row`. */
  readonly cluster?: 'day' | 'row' | OnColumns<{ readonly column: string }, Column>;
  /** Default: the task `binary`, threshold 0.5 (of `labels`, too), no control group, no utility. */
  readonly objective?:
    | Partial<Extract<Objective, { readonly task: 'binary' }>>
    | Extract<Objective, { readonly task: 'number' | 'classes' }>
    | WithDefaults<Extract<Objective, { readonly task: 'labels' }>, 'decisionThreshold'>;
  /** Registered metrics that evaluation computes too; gates name them as they are registered. Default: none. */
  readonly metrics?: readonly RegisteredUseInput[];
  /** Default: none. */
  readonly slices?: readonly Column[];
  /** Default: log loss, of the task `number` RMSE, no worse than the baseline's, and no worse than the champion's; both blocking. */
  readonly gates?: readonly WithDefaults<GateDefinition, 'name' | 'against' | 'bound' | 'severity'>[];
  /** Defaults: one approves, one rejects, not own work, within 14 days, reminded after 3. */
  readonly approval: Partial<ApprovalPolicy> & Pick<ApprovalPolicy, 'approvers'>;
  /** Default: a canary of 20 % for 1 day, then all for 1 day; one replica, within 60 s. */
  readonly rollout?: Partial<Omit<RolloutPlan, 'steps'>> & {
    readonly steps?: readonly WithDefaults<RolloutStep, 'name' | 'share' | 'shadow'>[];
  };
  /** Defaults: the project's period, or, without an event time, windows of twice minRows; allowedLateness 1 hour, or none; truth within 7 days, 95 % of it, 200 rows. */
  readonly monitoring?: Partial<Omit<MonitoringDefinition, 'period' | 'bias' | 'drift'>> & {
    readonly period?: Period | WindowsOfRows;
    readonly bias?: Partial<MonitoringDefinition['bias']>;
    readonly drift?: Partial<MonitoringDefinition['drift']>;
  };
  /** Default: none, people retrain. A rule's defaults: 1 breach out of as many windows, cool-down two periods. */
  readonly triggers?: readonly WithDefaults<TriggerRule, 'breaches' | 'outOf' | 'coolDown'>[];
  /** Default: the worker's log. */
  readonly notifiers?: readonly (Exclude<NotifierUse, RegisteredUse> | RegisteredUseInput)[];
  /** Default: 24 hours. */
  readonly retryFor?: WallDuration;
  /** Default: 4 seconds. Work of a worker that died is taken up by another one within it and a second. */
  readonly heartbeatWithin?: WallDuration;
}

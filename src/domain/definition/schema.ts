/** Expectations: what rows, batches and windows keep. docs/validation.md explains them. */
import type { EventDuration } from '../durations';

/**
 * For a rule about rows, `block` puts a row that breaks it in quarantine; with `mostly`, it refuses the batch. Of a rule
 * about the table: `block` refuses the batch. `warn` and `info` are counted in the validation report.
 */
export type Severity = 'block' | 'warn' | 'info';

/** Where a rule is checked: in batches (`training`), in an endpoint's windows (`serving`). */
export type Environment = 'training' | 'serving';

/** What each value of a column keeps; several conditions are several rules. A missing value breaks `required` alone. */
export interface ColumnRule {
  /** The column that the rule is about. */
  readonly column: string;
  /** A row without a value breaks the rule. */
  readonly required: boolean;
  /** The least value that keeps the rule: a number, of a timestamp ISO-8601 in UTC. */
  readonly min?: number | string;
  /** The greatest value that keeps the rule. */
  readonly max?: number | string;
  /** Values that keep the rule are greater. */
  readonly above?: number | string;
  /** Values that keep the rule are less. */
  readonly below?: number | string;
  /** The values that keep the rule, of a text or a number. */
  readonly oneOf?: readonly (string | number)[];
  /** Values that break the rule, of a text or a number. */
  readonly noneOf?: readonly (string | number)[];
  /** A regular expression of RE2 that is found in a text that keeps the rule; `^` and `$` bind it to the ends. */
  readonly pattern?: string;
  /** A regular expression of RE2 that is not found in it. */
  readonly notPattern?: string;
  /** The least length of a text, in characters. */
  readonly minLength?: number;
  /** The greatest length of a text, in characters. */
  readonly maxLength?: number;
  /** Share of the rows with a value (of `required`: of all rows) that must keep the rule. They stay, the batch is judged. */
  readonly mostly?: number;
  /** `block` puts the row in quarantine, or with `mostly` refuses the batch; `warn` and `info` are counted in the validation report. */
  readonly severity: Severity;
  /** Where it is checked: `training` in batches, `serving` in an endpoint's windows; by default in both. */
  readonly environments?: readonly Environment[];
}

/** A figure of a batch's rows, or a window's. */
export type Measure =
  | 'rows'
  | 'sum'
  | 'mean'
  | 'median'
  | 'deviation'
  | 'least'
  | 'greatest'
  | 'distinct'
  | 'distinctShare'
  | 'missingShare';

/** What a batch, or a window, keeps as a whole: `block` refuses the batch. */
export type TableRule =
  /** A figure of the rows lies between two bounds. */
  | {
      /** `deviation` is the standard deviation of the sample; shares are 0…1, that of distinct values is of the rows with a value. */
      readonly measure: Measure;
      /** Of which column; of `rows` none. */
      readonly column?: string;
      /** The figure is at least this. */
      readonly min?: number;
      /** The figure is at most this. */
      readonly max?: number;
      /** `block` refuses the batch. */
      readonly severity: Severity;
      /** As of a column rule; `rows`, `sum` and `distinct`, which grow with the rows, by default in `training`. */
      readonly environments?: readonly Environment[];
    }
  /** No two rows of the snapshot (in monitoring: of the window) have the same values in these columns. */
  | {
      /** Rows without a value in one of them are not compared. */
      readonly unique: readonly string[];
      /** Share of the compared rows that must keep it. */
      readonly mostly?: number;
      /** `block` refuses the batch. */
      readonly severity: Severity;
      /** As of a column rule. */
      readonly environments?: readonly Environment[];
    }
  /** The newest row became known not longer than this before asOf; in batches only. */
  | {
      /** Time in the data. */
      readonly fresh: EventDuration;
      /** `block` refuses the batch. */
      readonly severity: Severity;
    }
  /** A batch's values of a column are distributed as those that people let in last; in batches only. */
  | {
      /** The column. */
      readonly drift: string;
      /** Population stability index, less what chance leads to expect, above which it may be drift … */
      readonly floor: number;
      /** … if no change has at most this probability to look like it. */
      readonly pValue: number;
      /** `block` refuses the batch. */
      readonly severity: Severity;
    };

/**
 * `dependent` has one value for each combination of `determinants`: in a batch as those that people let in last teach it, in a
 * window as the training rows do.
 */
export interface DependencyRule {
  /** Names the rule in reports. */
  readonly name: string;
  /** Columns that together decide the dependent. */
  readonly determinants: readonly string[];
  /** The column that has one value for each combination of them. */
  readonly dependent: string;
  /** Share of the rows of a known combination that must keep it. */
  readonly mostly?: number;
  /** `block` refuses a batch with rows that break it; with `mostly`, one in which too few keep it. No row goes to quarantine. */
  readonly severity: Severity;
}

/**
 * What becomes of a batch with something new: `report` counts it in the validation report and in the evidence of the
 * approval, `ask` asks the approvers before the cycle goes on, `refuse` refuses the batch.
 */
export type NewPolicy = 'ignore' | 'report' | 'ask' | 'refuse';

export interface SchemaDefinition {
  readonly columns: readonly ColumnRule[];
  readonly table: readonly TableRule[];
  readonly dependencies: readonly DependencyRule[];
  /** Share of a batch that may be quarantined before the batch itself is refused. */
  readonly maxQuarantinedShare: number;
  /** A window fails data quality above this share of rows that break a rule without a `mostly` of its own. */
  readonly maxBrokenShare: number;
  /** A batch with fewer rows is refused. */
  readonly minRows: number;
  /** Columns of the files that nothing declares and that what people let in last did not have. */
  readonly newColumns: NewPolicy;
  /** Values of a string column with few of them that what people let in last did not have. A column with a rule `oneOf` goes by that. */
  readonly newCategories: NewPolicy;
  /** The same for single columns. */
  readonly newCategoriesOf: Readonly<Record<string, NewPolicy>>;
}

/** Whether a batch may bring something that the approvers are asked about. */
export function mayAsk(schema: SchemaDefinition): boolean {
  return newPolicies(schema).includes('ask');
}

/** Those of the columns, then those of categories. */
export function newPolicies({ newColumns, ...schema }: SchemaDefinition): readonly NewPolicy[] {
  return [newColumns, ...categoryPolicies(schema)];
}

export function categoryPolicies({
  newCategories,
  newCategoriesOf,
}: Pick<SchemaDefinition, 'newCategories' | 'newCategoriesOf'>): readonly NewPolicy[] {
  return [newCategories, ...Object.values(newCategoriesOf)];
}

/** Whether a batch's rows are held against those that people let in last. */
export function judgesByEarlier(schema: Pick<SchemaDefinition, 'table' | 'dependencies'>): boolean {
  return rulesByEarlier(schema).length > 0;
}

/** Whether such a rule may refuse a batch. */
export function blocksByEarlier(schema: Pick<SchemaDefinition, 'table' | 'dependencies'>): boolean {
  return rulesByEarlier(schema).some(({ severity }) => severity === 'block');
}

function rulesByEarlier({
  table,
  dependencies,
}: Pick<SchemaDefinition, 'table' | 'dependencies'>): readonly { readonly severity: Severity }[] {
  return [...table.filter((rule) => 'unique' in rule || 'drift' in rule), ...dependencies];
}

type Checked = { readonly environments?: readonly Environment[] };

/** What grows with the rows says little of a window, unless it is asked to. */
const OF_SIZE: readonly Measure[] = ['rows', 'sum', 'distinct'];

export function isCheckedIn(environment: Environment, rule: Checked & { readonly measure?: Measure }): boolean {
  const { environments, measure } = rule;
  if (environments !== undefined) return environments.includes(environment);
  return environment === 'training' || measure === undefined || !OF_SIZE.includes(measure);
}

/** Rows that break it are put in quarantine, so it decides which rows a snapshot has. */
export function quarantines(rule: Pick<ColumnRule, 'severity' | 'mostly'> & Checked): boolean {
  return rule.severity === 'block' && rule.mostly === undefined && isCheckedIn('training', rule);
}

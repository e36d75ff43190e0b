/** The rules that rows and batches keep. */

export type Severity = 'block' | 'warn' | 'info';

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

/** A table in memory, by columns. Strings are codes into a sorted dictionary: a row costs four bytes. */
export interface StringColumn {
  readonly type: 'string';
  /** Distinct values in code-point order. */
  readonly dictionary: readonly string[];
  /** [rows], index into `dictionary`; −1 is missing. */
  readonly codes: Int32Array;
}
/** Texts by themselves: a dictionary of them would have a value for almost each row. */
export interface TextColumn {
  readonly type: 'text';
  /** [rows]; null is missing. */
  readonly values: readonly (string | null)[];
}
/** Integers, numbers and booleans as doubles (NaN is missing). */
export interface NumberColumn {
  readonly type: 'number';
  readonly values: Float64Array;
}
/** A missing time in memory, in feature graphs and in digests. */
export const MISSING_TIMESTAMP = -(2n ** 63n);

/** Microseconds since 1970-01-01T00:00Z, or `MISSING_TIMESTAMP`. */
export interface TimestampColumn {
  readonly type: 'timestamp';
  readonly values: BigInt64Array;
}
/** So many numbers a row; of a missing one all are NaN, of others none is. */
export interface VectorColumn {
  readonly type: 'vector';
  readonly width: number;
  /** [rows × width], row by row */
  readonly values: Float64Array;
}
export type Column = StringColumn | TextColumn | NumberColumn | TimestampColumn | VectorColumn;

export interface TableColumns {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/** Which rows train, validate and test, and which of them depend on each other. */

export type SplitDefinition =
  /** By event time: rows of the last whole periods test, earlier ones train. The default of a source with an event time. */
  | {
      readonly by: 'time';
      /** The last `testPeriods` whole periods that ended by asOf are the test rows. */
      readonly testPeriods: number;
      /** So many whole periods before them are the validation rows; everything before trains. */
      readonly validationPeriods: number;
      /** With fewer training rows the phase fails. */
      readonly minTrainRows: number;
      /** With fewer test rows the phase fails. */
      readonly minTestRows: number;
    }
  /** By hash: a row's part depends on its values of `columns` and on `seed` alone, so it never changes as data grow. */
  | {
      readonly by: 'hash';
      /** Share of the hashes whose rows test, between 0 and 1. */
      readonly test: number;
      /** Share of the hashes whose rows validate. */
      readonly validation: number;
      /** Another seed is another split. */
      readonly seed: number;
      /** Rows with the same values of these are in one part. Default: `source.key`. */
      readonly columns: readonly string[];
      /** As by time. */
      readonly minTrainRows: number;
      /** As by time. */
      readonly minTestRows: number;
    }
  /** By the values of one column. A row without a value is in no part. */
  | {
      readonly by: 'column';
      /** A text, an integer or a boolean. */
      readonly column: string;
      /** Rows with one of these values test. */
      readonly test: readonly (string | number | boolean)[];
      /** Rows with one of these validate; all others train. */
      readonly validation: readonly (string | number | boolean)[];
      /** As by time. */
      readonly minTrainRows: number;
      /** As by time. */
      readonly minTestRows: number;
    };

/** Rows of one cluster depend on each other: of one day, each row by itself, or those with one value of a column. */
export type Cluster = 'day' | 'row' | { readonly column: string };

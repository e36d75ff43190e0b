/** Periods of event time, and which rows train and test. */

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

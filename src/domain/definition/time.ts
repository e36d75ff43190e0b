/** Periods of event time. */

/** Periods of event time: half-open, without a gap, in UTC. */
export interface Period {
  /** `hour`, `day`, `week` (from Monday), `month` (of the calendar), or a duration such as `6 hours` or `10 days`, counted from 1970-01-01T00:00Z, a Thursday. */
  readonly every: string;
  /** So much later they begin, such as `3 days` for weeks from Thursday; shorter than a period. Default: nothing. */
  readonly offset?: string;
}

/** Windows by count, without a gap: each ends just after the event time of so many predictions; those of one time stay together. */
export interface WindowsOfRows {
  /** Predictions of a window, at least. */
  readonly rows: number;
}

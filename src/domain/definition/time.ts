/** Periods of event time. */

/** Periods of event time: half-open, without a gap, in UTC. */
export interface Period {
  /** `hour`, `day`, `week` (from Monday), `month` (of the calendar), or a duration such as `6 hours` or `10 days`, counted from 1970-01-01T00:00Z, a Thursday. */
  readonly every: string;
  /** So much later they begin, such as `3 days` for weeks from Thursday; shorter than a period. Default: nothing. */
  readonly offset?: string;
}

/**
 * Answers come first: while requests leave the process no idle time, the shipper rests after each batch as long as the
 * batch took. A record of a thousand rows costs several times the answer, so that a burst would wait for its own records.
 */

/** Of the time of a batch, in which the event loop had work. Shipping alone waits for MongoDB half of the time. */
const BUSY = 0.9;
/** Of the spool's bytes. From there on room for more records matters more than the next answer. */
const FILLED = 0.25;
/** A batch that took longer waited for MongoDB. */
const MOST_MS = 250;

export interface ShippedBatch {
  readonly tookMs: number;
  /** Part of that time in which the event loop had work, 0 to 1. */
  readonly utilization: number;
  /** Part of the spool's bytes that is taken, 0 to 1. */
  readonly filled: number;
}

/** Milliseconds until the next batch, where there is one already. */
export function restMs({ tookMs, utilization, filled }: ShippedBatch): number {
  return utilization < BUSY || filled >= FILLED ? 0 : Math.min(tookMs, MOST_MS);
}

/** Intervals in words. */
import type { Interval } from './evaluation';

/** An end of an interval of too few blocks: it excludes nothing. Not infinite, since JSON has no such number. */
export const UNBOUNDED = Number.MAX_VALUE;

type Ends = Pick<Interval, 'low' | 'high'>;

/** A registered metric has an estimate alone, and too few blocks give no ends. */
export function hasInterval(interval: Interval): boolean {
  return interval.confidence > 0 && !isUnbounded(interval);
}

function isUnbounded({ low, high }: Ends): boolean {
  return low <= -UNBOUNDED || high >= UNBOUNDED;
}

/** `0.039 to 0.117`, or `unbounded`. No brackets: the Temporal UI takes them for a link. */
export function intervalWords(interval: Ends, digits = 3): string {
  return isUnbounded(interval) ? 'unbounded' : `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}`;
}

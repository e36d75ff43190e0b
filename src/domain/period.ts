import type { Period } from './definition';
import { DAY_MS } from './durations';

/** Half-open [from, to) of event time, ISO-8601 UTC. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The period that `time` falls into. Day 0 of 1970-01-01 is a Thursday: 7 days with offset 0 start on Thursdays. */
export function periodOf(length: Period, time: string): TimeRange {
  const ms = length.days * DAY_MS;
  const offset = length.offsetDays * DAY_MS;
  const start = Math.floor((Date.parse(time) - offset) / ms) * ms + offset;
  return { from: iso(start), to: iso(start + ms) };
}

/** The last `count` whole periods that ended by `asOf`, as one period. */
export function lastWholePeriods(length: Period, count: number, asOf: string): TimeRange {
  const current = periodOf(length, asOf);
  const from = Date.parse(current.from) - count * length.days * DAY_MS;
  return { from: iso(from), to: current.from };
}

export function nextPeriod(length: Period, range: TimeRange): TimeRange {
  return periodOf(length, range.to);
}

/**
 * Periods tile the time axis: half-open, without a gap, every moment in exactly one. A duration's periods are counted from
 * 1970-01-01T00:00Z, weeks from the Monday after it, months as the calendar in UTC has them; an offset moves them all.
 */
import type { Period, WindowsOfRows } from './definition';
import { DAY_MS, durationText, parseDurationMs } from './durations';

/** Half-open [from, to) of event time, ISO-8601 UTC. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

const UNITS: Readonly<Record<string, string>> = { hour: '1 hour', day: '1 day', week: '1 week' };
/** 1970-01-05. */
const FIRST_MONDAY = 4 * DAY_MS;
/** A calendar month has 28 to 31 days. */
export const SHORTEST_MONTH_MS = 28 * DAY_MS;
const LONGEST_MONTH_MS = 31 * DAY_MS;

/** Periods by their number: `startOf(n + 1)` is where the one that starts at `startOf(n)` ends. */
interface Tiles {
  readonly indexAt: (ms: number) => number;
  readonly startOf: (index: number) => number;
}

/** Milliseconds of `every`, but for months; undefined where the text is neither a unit nor a duration. */
export function everyMs(every: string): number | undefined {
  return parseDurationMs(UNITS[every] ?? every);
}

function tilesOf({ every, offset }: Period): Tiles {
  const shift =
    (offset === undefined ? 0 : checked(offset, parseDurationMs(offset))) + (every === 'week' ? FIRST_MONDAY : 0);
  if (every === 'month') {
    return { indexAt: (ms) => monthAt(ms - shift), startOf: (index) => startOfMonth(index) + shift };
  }
  const ms = checked(every, everyMs(every));
  return { indexAt: (at) => Math.floor((at - shift) / ms), startOf: (index) => index * ms + shift };
}

/** project/ has checked it. */
function checked(text: string, ms: number | undefined): number {
  if (ms === undefined) throw new Error(`not a period: ${JSON.stringify(text)}`);
  return ms;
}

/** Months since January of the year 0. */
function monthAt(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function startOfMonth(index: number): number {
  // Date.UTC takes the years 0 to 99 for those of the 20th century.
  return new Date(0).setUTCFullYear(Math.floor(index / 12), ((index % 12) + 12) % 12, 1);
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The period that `time` falls into. */
export function periodOf(period: Period, time: string): TimeRange {
  const { indexAt, startOf } = tilesOf(period);
  const index = indexAt(Date.parse(time));
  return { from: iso(startOf(index)), to: iso(startOf(index + 1)) };
}

/** The last `count` whole periods that ended by `asOf`, as one range. */
export function lastWholePeriods(period: Period, count: number, asOf: string): TimeRange {
  const { indexAt, startOf } = tilesOf(period);
  const running = indexAt(Date.parse(asOf));
  return { from: iso(startOf(running - count)), to: iso(startOf(running)) };
}

/** Whether windows are by count: where one ends, the predictions decide. */
export function isCounted(windows: Period | WindowsOfRows): windows is WindowsOfRows {
  return 'rows' in windows;
}

/** Where the first window begins that has this time in it. */
export function firstWindow(windows: Period | WindowsOfRows, time: string): string {
  return isCounted(windows) ? new Date(time).toISOString() : periodOf(windows, time).from;
}

export function nextPeriod(period: Period, range: TimeRange): TimeRange {
  return periodOf(period, range.to);
}

/** Where periods end in (after, until], in order; of many the last `most`. */
export function periodEnds(period: Period, after: string, until: string, most: number): string[] {
  const { indexAt, startOf } = tilesOf(period);
  const last = indexAt(Date.parse(until));
  const first = Math.max(indexAt(Date.parse(after)) + 1, last - most + 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => iso(startOf(first + i)));
}

/** As a duration, `'14 days'`; months count as the longest, of 31 days. */
export function lengthOf(period: Period, count: number): string {
  const ms = period.every === 'month' ? LONGEST_MONTH_MS : checked(period.every, everyMs(period.every));
  return durationText(count * ms);
}

/** `2001-02-01`, or `2001-02-01T05:00Z`: as short as it is exact. */
export function momentWords(time: string): string {
  return time.replace(/T00:00:00\.000Z$/, '').replace(/(?::00)?\.000Z$/, 'Z');
}

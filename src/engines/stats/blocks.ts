import { DAY_MS, DAY_US } from '../../domain/durations';

/**
 * Rows of one day have weather, crews and queues in common: they aren't independent, days nearly are. (In the flights
 * data the late rate varies from day to day 574 times as much as independent rows would.)
 */
export interface Blocks {
  /** What a block is, for the interval's method. */
  readonly of: 'day' | 'run of rows';
  readonly names: readonly string[];
  /** [rows], index into `names` */
  readonly index: Int32Array;
}

/** Below two days: consecutive runs, as few as give an interval, as many as leave them long. */
const RUNS = 10;

/** @param eventTime [rows] µs since 1970, in order */
export function blocksOf(eventTime: BigInt64Array): Blocks {
  const days = new Int32Array(eventTime.length);
  for (let row = 0; row < days.length; row += 1) {
    days[row] = Math.floor(Number(eventTime[row]!) / DAY_US);
  }
  const distinct = [...new Set(days)].sort((a, b) => a - b);
  if (distinct.length < 2) return runsOf(days.length);
  const position = new Map(distinct.map((day, i) => [day, i]));
  return {
    of: 'day',
    names: distinct.map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10)),
    index: days.map((day) => position.get(day)!),
  };
}

function runsOf(rows: number): Blocks {
  const runs = Math.min(RUNS, rows);
  return {
    of: 'run of rows',
    names: Array.from({ length: runs }, (_, i) => `run ${i + 1}`),
    index: Int32Array.from({ length: rows }, (_, row) => Math.floor((row * runs) / rows)),
  };
}

/** Rows of each block. */
export function blockCounts({ names, index }: Blocks): Float64Array {
  return blockSums({ names, index }, () => 1);
}

/** Sum over each block's rows, in row order. */
export function blockSums(
  { names, index }: Pick<Blocks, 'names' | 'index'>,
  of: (row: number) => number
): Float64Array {
  const sums = new Float64Array(names.length);
  for (let row = 0; row < index.length; row += 1) sums[index[row]!]! += of(row);
  return sums;
}

export function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

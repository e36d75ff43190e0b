import { DAY_MS, DAY_US } from '../../domain/durations';

/**
 * Rows of one cluster have things in common (those of one day weather, crews and queues; those of one customer its habits):
 * they aren't independent, clusters nearly are. (In the flights data the late rate varies from day to day 574 times as
 * much as independent rows would.)
 */
export interface Blocks {
  /** What a block is, for the interval's method: `day`, `row`, a column's name, `run of rows`. */
  readonly of: string;
  /** Whether blocks are what was asked for; false where there were too few of them, and runs of rows stand in. */
  readonly asked: boolean;
  readonly names: readonly string[];
  /** [rows], index into `names` */
  readonly index: Int32Array;
}

/** Below two clusters: consecutive runs, as few as give an interval, as many as leave them long. */
const RUNS = 10;

/** @param codes [rows] a number for each cluster; @param nameOf of a code */
export function blocksOf(of: string, codes: ArrayLike<number>, nameOf: (code: number) => string): Blocks {
  const distinct = [...new Set(Array.from(codes))].sort((a, b) => a - b);
  if (distinct.length < 2) return runsOf(codes.length);
  const position = new Map(distinct.map((code, i) => [code, i]));
  return {
    of,
    asked: true,
    names: distinct.map(nameOf),
    index: Int32Array.from(codes, (code) => position.get(code)!),
  };
}

/** @param eventTime [rows] µs since 1970 */
export function dayBlocks(eventTime: BigInt64Array): Blocks {
  const days = Float64Array.from(eventTime, (time) => Math.floor(Number(time) / DAY_US));
  return blocksOf('day', days, (day) => new Date(day * DAY_MS).toISOString().slice(0, 10));
}

/** Each row by itself. */
export function rowBlocks(rows: number): Blocks {
  return {
    of: 'row',
    asked: true,
    names: new Array<string>(rows).fill(''),
    index: Int32Array.from({ length: rows }, (_, i) => i),
  };
}

function runsOf(rows: number): Blocks {
  const runs = Math.min(RUNS, rows);
  return {
    of: 'run of rows',
    asked: false,
    names: Array.from({ length: runs }, (_, i) => `run ${i + 1}`),
    index: Int32Array.from({ length: rows }, (_, row) => Math.floor((row * runs) / rows)),
  };
}

/** Rows of each block. */
export function blockCounts({ names, index }: Pick<Blocks, 'names' | 'index'>): Float64Array {
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

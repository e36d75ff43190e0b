/** What windows are compared with, frozen with the model: an artifact of its evaluation, plain JSON. */
import type { Period, WindowsOfRows } from '../../domain/definition';
import { isCounted, periodOf } from '../../domain/period';
import type { TableColumns } from '../tables/columns';
import { type Bins, binsOf, countsIn } from './bins';
import { changeOf } from './change';
import { type WatchedColumn, watchedColumns } from './watched-columns';

export interface ColumnReference {
  readonly column: string;
  readonly bins: Bins;
  /** The largest effect of a whole period of the training rows: what a good model's data do by themselves. */
  readonly variation: number;
}

export interface Reference {
  readonly v: 1;
  readonly rows: number;
  /** Source columns that are watched. */
  readonly watched: readonly string[];
  readonly columns: readonly ColumnReference[];
  readonly scores?: ColumnReference;
}

export interface ReferenceInput {
  /** Source columns that the model reads. */
  readonly watched: readonly string[];
  /** The reference: test rows, never training rows. */
  readonly table: TableColumns;
  /** [rows] of the reference */
  readonly scores?: Float32Array;
  /** Training rows in the order of event time, for the variation from period to period. */
  readonly history?: {
    readonly table: TableColumns;
    readonly eventTime: BigInt64Array;
    readonly windows: Period | WindowsOfRows;
  };
}

export const SCORES = 'score';
const MIN_PERIOD_ROWS = 200;

export function referenceOf({ watched, table, scores, history }: ReferenceInput): Reference {
  const past = history === undefined ? [] : watchedColumns(history.table, watched);
  const periods = history === undefined ? [] : wholeWindows(history.eventTime, history.windows);
  const columns = watchedColumns(table, watched).map((column) => {
    const before = past.find(({ name }) => name === column.name);
    return columnReference(column, before, periods);
  });
  const scored =
    scores === undefined
      ? undefined
      : columnReference({ name: SCORES, values: { kind: 'number', values: scores } }, undefined, []);
  return { v: 1, rows: table.rows, watched, columns, ...(scored === undefined ? {} : { scores: scored }) };
}

function columnReference(
  { name, values }: WatchedColumn,
  past: WatchedColumn | undefined,
  periods: readonly RowRange[]
): ColumnReference {
  const bins = binsOf(values);
  const effects =
    past === undefined
      ? []
      : periods.map(({ from, to }) => changeOf(bins, countsIn(bins, past.values, from, to)).effect);
  return { column: name, bins, variation: Math.max(0, ...effects) };
}

interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Part of a period at whose start and end there must be rows: a week's days. */
const EDGES = 7;

function wholeWindows(eventTime: BigInt64Array, windows: Period | WindowsOfRows): readonly RowRange[] {
  return isCounted(windows) ? runsOf(eventTime.length, windows.rows) : wholePeriods(eventTime, windows);
}

/** As windows by count go: so many rows, one run after the other. */
function runsOf(all: number, rows: number): readonly RowRange[] {
  if (rows < MIN_PERIOD_ROWS) return [];
  return Array.from({ length: Math.floor(all / rows) }, (_, run) => ({ from: run * rows, to: (run + 1) * rows }));
}

/** Periods that the rows cover: of the first and the last one there may be a part alone. */
function wholePeriods(eventTime: BigInt64Array, period: Period): readonly RowRange[] {
  const ranges: RowRange[] = [];
  for (let from = 0; from < eventTime.length; ) {
    const first = millisecondsOf(eventTime[from]!);
    const range = periodOf(period, new Date(first).toISOString());
    const end = Date.parse(range.to);
    const to = firstAtOrAfter(eventTime, BigInt(end) * 1000n);
    const start = Date.parse(range.from);
    const edge = (end - start) / EDGES;
    const begun = from > 0 || first < start + edge;
    const ended = to < eventTime.length || millisecondsOf(eventTime[to - 1]!) >= end - edge;
    if (begun && ended && to - from >= MIN_PERIOD_ROWS) ranges.push({ from, to });
    from = to;
  }
  return ranges;
}

function millisecondsOf(microseconds: bigint): number {
  return Math.floor(Number(microseconds) / 1000);
}

/** Index of the first moment that isn't before `limit`, in ordered moments. */
function firstAtOrAfter(moments: BigInt64Array, limit: bigint): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (moments[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

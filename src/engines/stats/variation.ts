/**
 * How far whole windows of the training rows are from the reference by themselves. The rows come in their order, stretch
 * after stretch, and are counted: what is in memory is the counts of one window.
 */
import type { Period, WindowsOfRows } from '../../domain/definition';
import { isCounted, periodOf } from '../../domain/period';
import type { LoadedStretch } from '../tables/load';
import { type BinCounter, counterOf } from './bins';
import { changeOf } from './change';
import type { ColumnReference, Reference } from './reference';
import { watchedColumns } from './watched-columns';

export interface Variation {
  add(stretch: LoadedStretch): void;
  /** The largest effect by column, once all rows have come. */
  end(): ReadonlyMap<string, number>;
}

const MIN_WINDOW_ROWS = 200;
/** Part of a period at whose start and end there must be rows: a week's days. */
const EDGES = 7;

export function variationOf({ watched, columns }: Reference, windows: Period | WindowsOfRows): Variation {
  const found = new Map<string, number>();
  const edges = isCounted(windows) ? runsOf(windows) : periodsOf(windows);
  let rows = 0;
  let counters: readonly (readonly [ColumnReference, BinCounter])[] = [];

  const begin = (): void => {
    rows = 0;
    counters = columns.map((column) => [column, counterOf(column.bins)]);
  };
  const finish = (whole: boolean): void => {
    if (!whole || rows < MIN_WINDOW_ROWS) return;
    for (const [{ column, bins }, counter] of counters) {
      const { effect } = changeOf(bins, counter.counts());
      found.set(column, Math.max(found.get(column) ?? 0, effect));
    }
  };
  return {
    add({ table, eventTime }) {
      const values = new Map(watchedColumns(table, watched).map((column) => [column.name, column.values]));
      for (let from = 0; from < eventTime.length; ) {
        if (edges.over(eventTime[from]!)) {
          finish(edges.whole(true));
          edges.begin(eventTime[from]!);
          begin();
        }
        const to = edges.take(eventTime, from);
        for (const [{ column }, counter] of counters) counter.add(values.get(column)!, from, to);
        rows += to - from;
        from = to;
      }
    },
    end() {
      finish(edges.whole(false));
      return found;
    },
  };
}

/** Where one window ends and the next begins. */
interface WindowEdges {
  /** Whether a row of this moment is not in the window that is open. */
  over(moment: bigint): boolean;
  begin(moment: bigint): void;
  /** Index after the last of the rows from `from` on that are in the window. */
  take(moments: BigInt64Array, from: number): number;
  /** @param more whether rows come after it */
  whole(more: boolean): boolean;
}

/** As windows by count go: so many rows, one run after the other. */
function runsOf({ rows }: WindowsOfRows): WindowEdges {
  let left = 0;
  let begun = false;
  return {
    over: () => left === 0,
    begin() {
      left = rows;
      begun = true;
    },
    take(moments, from) {
      const to = Math.min(moments.length, from + left);
      left -= to - from;
      return to;
    },
    whole: () => begun && left === 0,
  };
}

/** Periods that the rows cover: of the first and the last one there may be a part alone. */
function periodsOf(period: Period): WindowEdges {
  let windows = 0;
  let end = -Infinity;
  let edge = 0;
  let fromStart = false;
  let last = 0;
  return {
    over: (moment) => millisecondsOf(moment) >= end,
    begin(moment) {
      const first = millisecondsOf(moment);
      const range = periodOf(period, new Date(first).toISOString());
      end = Date.parse(range.to);
      const start = Date.parse(range.from);
      edge = (end - start) / EDGES;
      fromStart = windows > 0 || first < start + edge;
      windows += 1;
    },
    take(moments, from) {
      const to = firstAtOrAfter(moments, BigInt(end) * 1000n, from);
      last = millisecondsOf(moments[to - 1]!);
      return to;
    },
    whole: (more) => windows > 0 && fromStart && (more || last >= end - edge),
  };
}

function millisecondsOf(microseconds: bigint): number {
  return Math.floor(Number(microseconds) / 1000);
}

/** Index of the first moment from `from` on that isn't before `limit`, in ordered moments. */
function firstAtOrAfter(moments: BigInt64Array, limit: bigint, from: number): number {
  let low = from;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (moments[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

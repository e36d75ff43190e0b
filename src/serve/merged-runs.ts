/**
 * Requests that come in one turn of the event loop share a run of the graph: a run costs more than a row. Only for graphs
 * whose rows don't depend on each other, so that no score depends on the requests beside it.
 */
import type { InputValue } from './input-values';

export type Columns = ReadonlyMap<string, readonly InputValue[]>;
/** Scores [rows]. */
export type Run = (columns: Columns, rows: number) => Promise<Float32Array>;

interface Waiting {
  readonly columns: Columns;
  readonly rows: number;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** One run blocks the event loop. */
const MOST_ROWS = 1_024;

/** @param names of the columns that `run` reads: each request has them */
export function mergedRuns(run: Run, names: readonly string[]): Run {
  let waiting: Waiting[] = [];
  const runAll = () => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; ) {
      let rows = 0;
      let to = from;
      for (; to < all.length && (to === from || rows + all[to]!.rows <= MOST_ROWS); to += 1) rows += all[to]!.rows;
      void runGroup(all.slice(from, to), rows);
      from = to;
    }
  };
  const runGroup = async (group: readonly Waiting[], rows: number) => {
    if (group.length === 1) return alone(group[0]!);
    try {
      const columns = new Map(names.map((name) => [name, group.flatMap((each) => each.columns.get(name) ?? [])]));
      const scores = await run(columns, rows);
      let from = 0;
      for (const each of group) each.resolve(scores.subarray(from, (from += each.rows)));
    } catch {
      // One of them is at fault: alone, it is that one.
      for (const each of group) await alone(each);
    }
  };
  const alone = ({ columns, rows, resolve, reject }: Waiting) => run(columns, rows).then(resolve, reject);
  return (columns, rows) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(runAll);
      waiting.push({ columns, rows, resolve, reject });
    });
}

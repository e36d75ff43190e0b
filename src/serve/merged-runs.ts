/**
 * Requests that come in one turn of the event loop share a run of the graph: a run costs more than a row. Only for graphs
 * whose rows don't depend on each other, so that no score depends on the requests beside it.
 */
import { type Scores, scoresBetween } from '../domain/scores';
import type { InputValue } from './input-values';
import { PerTurn } from './per-turn';

export type Columns = ReadonlyMap<string, readonly InputValue[]>;
export type Run = (columns: Columns, rows: number) => Promise<Scores>;

interface Waiting {
  readonly columns: Columns;
  readonly rows: number;
  readonly resolve: (scores: Scores) => void;
  readonly reject: (error: unknown) => void;
}

/** One run blocks the event loop. */
const MOST_ROWS = 1_024;

/** @param names of the columns that `run` reads: each request has them */
export function mergedRuns(run: Run, names: readonly string[]): Run {
  const turn = new PerTurn<Waiting>((all) => {
    for (let from = 0; from < all.length; ) {
      let rows = 0;
      let to = from;
      for (; to < all.length && (to === from || rows + all[to]!.rows <= MOST_ROWS); to += 1) rows += all[to]!.rows;
      void runGroup(all.slice(from, to), rows);
      from = to;
    }
  });
  const runGroup = async (group: readonly Waiting[], rows: number) => {
    if (group.length === 1) return alone(group[0]!);
    try {
      const columns = new Map(names.map((name) => [name, group.flatMap((each) => each.columns.get(name) ?? [])]));
      const scores = await run(columns, rows);
      let from = 0;
      for (const each of group) each.resolve(scoresBetween(scores, from, (from += each.rows)));
    } catch {
      // One of them is at fault: alone, it is that one.
      for (const each of group) await alone(each);
    }
  };
  const alone = ({ columns, rows, resolve, reject }: Waiting) => run(columns, rows).then(resolve, reject);
  return (columns, rows) => new Promise((resolve, reject) => turn.add({ columns, rows, resolve, reject }));
}

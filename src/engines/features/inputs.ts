/** What transforms read in the graph: columns of the source, and numbers that earlier transforms named. */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';

export class Inputs {
  readonly #o: Operators;
  readonly #columns: ReadonlyMap<string, Value>;
  readonly #named = new Map<string, { readonly matrix: Value; readonly row: number }>();

  /** @param columns the graph's inputs, [N] each */
  constructor(o: Operators, columns: ReadonlyMap<string, Value>) {
    this.#o = o;
    this.#columns = columns;
  }

  /** Names the rows of a matrix [F, N]. */
  name(names: readonly string[], matrix: Value): void {
    names.forEach((name, row) => this.#named.set(name, { matrix, row }));
  }

  typeOf(column: string): Value['type'] {
    return (this.#named.get(column)?.matrix ?? this.#columns.get(column)!).type;
  }

  /** [N] */
  vector(column: string): Value {
    const named = this.#named.get(column);
    return named === undefined ? this.#columns.get(column)! : this.#o.gather(named.matrix, this.#o.integer(named.row));
  }

  /** [F, N], with as many nodes for a thousand columns as for two. */
  rows(columns: readonly string[]): Value {
    const o = this.#o;
    const sources = columns.filter((column) => !this.#named.has(column));
    if (sources.length === columns.length) return o.stack(columns.map((column) => this.vector(column)));
    const matrices = [...new Set(columns.flatMap((column) => this.#named.get(column)?.matrix ?? []))];
    const parts = [
      ...(sources.length === 0 ? [] : [o.stack(sources.map((column) => this.vector(column)))]),
      ...matrices,
    ];
    const starts = new Map<Value, number>();
    parts.reduce((start, part) => {
      starts.set(part, start);
      return start + Number(part.shape[0]);
    }, 0);
    let source = 0;
    const order = columns.map((column) => {
      const named = this.#named.get(column);
      if (named !== undefined) return starts.get(named.matrix)! + named.row;
      source += 1;
      return source - 1;
    });
    const all = parts.length === 1 ? parts[0]! : o.concat(parts, 0);
    const asTheyAre = order.length === Number(all.shape[0]) && order.every((row, i) => row === i);
    return asTheyAre ? all : o.gather(all, o.integers(order));
  }
}

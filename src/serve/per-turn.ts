/**
 * What comes in one turn of the event loop is done together, at the turn's end: one run of a graph, one write, cost little
 * more than one for each. While turns bring one each, it is done at once, so that a caller alone waits for nobody.
 */
export class PerTurn<T> {
  readonly #work: (all: readonly T[]) => void;
  #waiting: T[] = [];
  /** In this turn. */
  #came = 0;
  #severalBefore = false;

  /** @param work must not throw */
  constructor(work: (all: readonly T[]) => void) {
    this.#work = work;
  }

  /** How many wait for the turn's end. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(one: T): void {
    this.#came += 1;
    if (this.#came === 1) {
      setImmediate(() => this.#endTurn());
      if (!this.#severalBefore) return this.#work([one]);
    }
    this.#waiting.push(one);
  }

  /** Does what waits now. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const all = this.#waiting;
    this.#waiting = [];
    this.#work(all);
  }

  #endTurn(): void {
    this.#severalBefore = this.#came > 1;
    this.#came = 0;
    this.flush();
  }
}

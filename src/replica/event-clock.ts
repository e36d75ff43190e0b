/**
 * Event time as this replica has shipped it. One caller with a broken clock must not close all windows, so a time that
 * leaps ahead is set aside: its record is kept, the clock doesn't follow. Where it isn't one caller but the world (the
 * endpoint stood still for months), the times that follow say the same, and then the clock follows.
 */
export interface EventClockState {
  /** Earliest and highest event time, ms; absent before the first. */
  readonly first?: number;
  readonly highest?: number;
  /** The last requests, if each of them was set aside for leaping ahead. */
  readonly ahead: { readonly count: number; readonly lowest: number; readonly highest: number } | null;
}

/** This many requests in a row, within one `maxSkew` of each other, are the world. */
const AGREEING = 20;

export class EventClock {
  readonly #maxSkewMs: number;
  #state: EventClockState;

  constructor(maxSkewMs: number, state: EventClockState = { ahead: null }) {
    this.#maxSkewMs = maxSkewMs;
    this.#state = state;
  }

  get state(): EventClockState {
    return this.#state;
  }

  /** The event times of one shipped request; how many of them were set aside. */
  observe(times: readonly Date[], receivedAt: Date): number {
    const all = times.map((time) => time.getTime());
    const limit = Math.min(receivedAt.getTime(), this.#state.highest ?? Number.POSITIVE_INFINITY) + this.#maxSkewMs;
    const within = all.filter((time) => time <= limit);
    if (within.length > 0) this.#follow(within);
    else if (all.length > 0 && this.#isTheWorld(all, receivedAt)) return 0;
    return all.length - within.length;
  }

  #follow(times: readonly number[]): void {
    const { first, highest } = this.#state;
    this.#state = {
      first: Math.min(...times, first ?? Number.POSITIVE_INFINITY),
      highest: Math.max(...times, highest ?? Number.NEGATIVE_INFINITY),
      ahead: null,
    };
  }

  /** True when enough requests have leapt to the same place, which isn't the future; then the clock is there. */
  #isTheWorld(times: readonly number[], receivedAt: Date): boolean {
    const { ahead } = this.#state;
    if (Math.max(...times) > receivedAt.getTime() + this.#maxSkewMs) return false;
    const lowest = Math.min(...times, ahead?.lowest ?? Number.POSITIVE_INFINITY);
    const highest = Math.max(...times, ahead?.highest ?? Number.NEGATIVE_INFINITY);
    const together = highest - lowest <= this.#maxSkewMs;
    const count = together ? (ahead?.count ?? 0) + 1 : 1;
    if (count >= AGREEING) {
      this.#follow([highest]);
      return true;
    }
    this.#state = {
      ...this.#state,
      ahead: together ? { count, lowest, highest } : { count, lowest: Math.min(...times), highest: Math.max(...times) },
    };
    return false;
  }
}

/**
 * Event time as this replica has shipped it. One caller with a broken clock must not close all windows, so a time that
 * leaps ahead is set aside: its record is kept, the clock doesn't follow. Where it isn't one caller but the world (the
 * endpoint stood still for months), the times that follow say the same, and then the clock follows. The first time of all is
 * compared with what training knew. A time that is behind is late and moves nothing. A person sets the clock by a higher epoch in the endpoint's document.
 */
import { CLOCK_AGREEMENT } from '../domain/endpoint';

export interface EventClockState {
  /** How often a person has set the clock, by the endpoint's document. */
  readonly epoch: number;
  /** Earliest and highest event time, ms; absent before the first. */
  readonly first?: number;
  readonly highest?: number;
  /** How many rows and truths of the last requests agree, if each of those was set aside for leaping ahead. */
  readonly ahead: { readonly count: number; readonly lowest: number; readonly highest: number } | null;
}

export class EventClock {
  readonly #maxSkewMs: number;
  #state: EventClockState;
  /** How far the endpoint's clock is by other replicas: what one of them took for the world is not a leap here. */
  #shared: number | undefined;

  constructor(maxSkewMs: number, state: EventClockState = { epoch: 0, ahead: null }) {
    this.#maxSkewMs = maxSkewMs;
    this.#state = state;
  }

  get state(): EventClockState {
    return this.#state;
  }

  /** What the endpoint's clock shows. One of another epoch says nothing here. */
  share(clock: { readonly epoch: number; readonly highest: number }): void {
    if (clock.epoch === this.#state.epoch) this.#shared = clock.highest;
  }

  /** A person has set the clock; whether it is news. */
  set(epoch: number, at: number): boolean {
    if (epoch <= this.#state.epoch) return false;
    this.#state = { epoch, first: at, highest: at, ahead: null };
    this.#shared = undefined;
    return true;
  }

  /** All that came until then is shipped, and event time is the time of receipt. Before the first event time it says nothing. */
  pass(time: number): void {
    if (time > (this.#state.highest ?? Number.POSITIVE_INFINITY)) this.#follow([time]);
  }

  /** The event times of one shipped request; how many of them were set aside. */
  observe(times: readonly Date[], receivedAt: Date): number {
    const all = times.map((time) => time.getTime());
    const clock = Math.max(this.#state.highest ?? -Infinity, this.#shared ?? -Infinity);
    const known = clock === -Infinity ? Infinity : clock;
    const limit = Math.min(receivedAt.getTime(), known) + this.#maxSkewMs;
    const within = all.filter((time) => time <= limit);
    if (within.length > 0) this.#follow(within);
    else if (all.length > 0 && this.#isTheWorld(all, receivedAt)) return 0;
    return all.length - within.length;
  }

  #follow(times: readonly number[]): void {
    const { epoch, first, highest } = this.#state;
    this.#state = {
      epoch,
      first: Math.min(...times, first ?? Number.POSITIVE_INFINITY),
      highest: Math.max(...times, highest ?? Number.NEGATIVE_INFINITY),
      ahead: null,
    };
  }

  /** True when enough have leapt to the same place, which isn't the future; then the clock is there. */
  #isTheWorld(times: readonly number[], receivedAt: Date): boolean {
    const { ahead } = this.#state;
    if (Math.max(...times) > receivedAt.getTime() + this.#maxSkewMs) return false;
    const own = { count: times.length, lowest: Math.min(...times), highest: Math.max(...times) };
    // A batch whose own times are far apart agrees with nothing, itself included.
    if (own.highest - own.lowest > this.#maxSkewMs) return false;
    const all =
      ahead === null
        ? own
        : {
            count: ahead.count + own.count,
            lowest: Math.min(ahead.lowest, own.lowest),
            highest: Math.max(ahead.highest, own.highest),
          };
    const agreeing = all.highest - all.lowest <= this.#maxSkewMs ? all : own;
    if (agreeing.count >= CLOCK_AGREEMENT) {
      this.#follow([agreeing.highest]);
      return true;
    }
    this.#state = { ...this.#state, ahead: agreeing };
    return false;
  }
}

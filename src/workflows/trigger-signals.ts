/**
 * Triggers that come by signal. A handler can't see who sent one; the history is asked, once for all that came since
 * it was asked last, so that a flood of strangers costs few activities and counts for nothing.
 */
import { isCancellation, log, sleep } from '@temporalio/workflow';
import type { Trigger } from '../domain/messages';
import { io } from './activities';
import { reasonOf } from './failures';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export class TriggerSignals {
  #came = 0;
  #looked = 0;
  /** Newest event of the history that was looked at. */
  #after = 0;
  #reading = false;
  readonly #project: string;
  /** Number of the last cycle before this run; undefined until the definition is registered. */
  readonly #begun: () => number | undefined;
  readonly #onTrigger: (trigger: Trigger) => void;

  constructor(project: string, begun: () => number | undefined, onTrigger: (trigger: Trigger) => void) {
    this.#project = project;
    this.#begun = begun;
    this.#onTrigger = onTrigger;
  }

  /** From the handler, for any signal of this name: whatever it carries. */
  notify(): void {
    this.#came += 1;
    if (!this.#reading) void this.#readAll();
  }

  /** Nothing came that the history wasn't asked about. */
  get read(): boolean {
    return this.#looked === this.#came;
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    try {
      for (let pauseMs = FIRST_PAUSE_MS; !this.read; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        const came = this.#came;
        const begun = this.#begun();
        const { triggers, upTo } = await io().mlopsReadTriggers({
          project: this.#project,
          after: this.#after,
          ...(begun === undefined ? {} : { begun }),
        });
        this.#after = upTo;
        this.#looked = came;
        for (const trigger of triggers) this.#onTrigger(trigger);
        if (!this.read) await sleep(pauseMs, { summary: 'more signals come' });
      }
    } catch (error) {
      // No lifecycle may end by what it was sent; the next signal has the history asked from here again.
      this.#looked = this.#came;
      if (!isCancellation(error)) log.warn('triggers could not be read', { why: reasonOf(error) });
    } finally {
      this.#reading = false;
    }
  }
}

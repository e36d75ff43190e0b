/**
 * One compute child that is started ahead, since a start costs some 200 ms of CPU: node itself and the database's
 * library. What only jobs with models load (another 100 ms) is left to them. It holds nothing of a job, takes one, and ends with it like any other.
 */
import type { ChildProcess } from 'node:child_process';
import type { FromWorker } from './protocol';

export class Spare {
  readonly #start: () => ChildProcess;
  #child: ChildProcess | undefined;
  #open = false;

  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  /** From now on one is kept ready; it keeps no process from ending. */
  open(): void {
    this.#open = true;
    this.refill();
  }

  /** Starts the next one, if there is none. */
  refill(): void {
    if (!this.#open || this.#child !== undefined) return;
    const child = this.#start();
    this.#child = child;
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.on('error', forget).on('exit', forget);
    child.send({ type: 'prepare' } satisfies FromWorker, () => undefined);
    child.unref();
    child.channel?.unref();
  }

  /** The one that is ready, as far as is known: its end may not have been noticed yet. Undefined where none is. */
  take(): ChildProcess | undefined {
    const child = this.#child;
    this.#child = undefined;
    if (child?.connected !== true || child.exitCode !== null || child.signalCode !== null) return undefined;
    child.ref();
    child.channel?.ref();
    return child;
  }

  /** From now on none is started. */
  close(): void {
    this.#open = false;
    this.#child = undefined;
  }
}

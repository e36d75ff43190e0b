/**
 * Compute children that have done a light job and wait for the next one: a start costs more than such a job. One that failed or was
 * cancelled never comes here; one that has done many, or has grown, is ended, so that nothing gathers in it.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { JobCost } from '../../domain/job';

/** Light jobs that run at once, and children that wait for some. */
export const LIGHT_SLOTS = 2;
const MOST_JOBS = 1_000;
const MOST_BYTES = 2 ** 29;

export class WarmChildren {
  readonly #waiting = new Map<ChildProcess, () => void>();
  readonly #jobs = new WeakMap<ChildProcess, number>();
  #open = false;

  /** From now on some are kept; they keep no process from ending. */
  open(): void {
    this.#open = true;
  }

  /** Keeps a child that has done a job well, or ends it. */
  give(child: ChildProcess, { peakBytes }: Pick<JobCost, 'peakBytes'>): void {
    const jobs = (this.#jobs.get(child) ?? 0) + 1;
    this.#jobs.set(child, jobs);
    const isFit = isAlive(child) && jobs < MOST_JOBS && peakBytes < MOST_BYTES;
    if (!this.#open || !isFit || this.#waiting.size >= LIGHT_SLOTS) {
      child.kill('SIGKILL');
      return;
    }
    const forget = (): void => void this.#waiting.delete(child);
    this.#waiting.set(child, forget);
    child.on('error', forget).on('exit', forget);
    for (const held of handlesOf(child)) held.unref();
  }

  /** One that waits, as far as is known: its end may not have been noticed yet. Undefined where none does. */
  take(): ChildProcess | undefined {
    for (const [child, forget] of this.#waiting) {
      this.#waiting.delete(child);
      if (!isAlive(child)) continue;
      child.off('error', forget).off('exit', forget);
      for (const held of handlesOf(child)) held.ref();
      return child;
    }
    return undefined;
  }

  /** From now on none is kept. */
  close(): void {
    this.#open = false;
    this.#waiting.clear();
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.connected && child.exitCode === null && child.signalCode === null;
}

/** What of it keeps this process from ending. */
function handlesOf(child: ChildProcess): readonly { ref(): unknown; unref(): unknown }[] {
  const { channel, stdout, stderr } = child;
  return [child, ...[channel, stdout as Socket | null, stderr as Socket | null].flatMap((each) => each ?? [])];
}

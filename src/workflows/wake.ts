/**
 * Waiting for signals that only say "look again". A wall timer looks too, ever more rarely, in case a signal was lost:
 * it reads MongoDB and never decides that event time has passed.
 */
import { condition, isCancellation, log } from '@temporalio/workflow';
import { io } from './activities';
import { reasonOf } from './failures';

const FIRST_REREAD_MS = 600_000;
const SLOWEST_REREAD_MS = 3_600_000;
/** Refused signals are recorded up to here, then only counted. */
const MAX_RECORDED = 20;

export class Wake {
  #notified = 0;
  #refused = 0;
  readonly #unrecorded: string[] = [];
  #rereadMs: number;
  readonly #firstMs: number;

  constructor(rereadMs: number = FIRST_REREAD_MS) {
    this.#firstMs = rereadMs;
    this.#rereadMs = rereadMs;
  }

  /** From a handler: something may have changed. */
  notify(): void {
    this.#notified += 1;
    this.#rereadMs = this.#firstMs;
  }

  /** From a handler: a message that says nothing. It can't be answered, so it is kept. */
  refuse(signal: string, mistake: string): void {
    this.#refused += 1;
    if (this.#refused <= MAX_RECORDED) this.#unrecorded.push(`${signal}: ${mistake}`);
    this.#notified += 1;
  }

  get refused(): number {
    return this.#refused;
  }

  get notified(): number {
    return this.#notified;
  }

  /** Whether all that was refused is in the audit. */
  get recorded(): boolean {
    return this.#unrecorded.length === 0;
  }

  /** Returns once more has been notified than `seen`, or the timer says so. */
  async after(seen: number): Promise<void> {
    const woken = await condition(() => this.#notified !== seen, this.#rereadMs, {
      summary: 'look again without a signal',
    });
    if (!woken) this.#rereadMs = Math.min(this.#rereadMs * 2, Math.max(SLOWEST_REREAD_MS, this.#firstMs));
  }

  async recordRefused(project: string): Promise<void> {
    for (let mistake = this.#unrecorded.shift(); mistake !== undefined; mistake = this.#unrecorded.shift())
      await recordRefusedSignal(project, mistake);
  }
}

/** A signal has no answer, and no workflow may end by what it refused: what can't be recorded is in the worker's log. */
export async function recordRefusedSignal(project: string, mistake: string): Promise<void> {
  try {
    await io().mlopsRecordRefusedSignal({ project, mistake });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('a refused signal is not in the audit', { project, mistake, why: reasonOf(error) });
  }
}

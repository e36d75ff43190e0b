/** What a search came to, and how a kill is met: alike for us and the peer. */
import { setTimeout as wait } from 'node:timers/promises';
import { readEvents, type StepEvent } from '../steps/events';

export const TRIALS = 100;
/** From 1. */
export const KILLED_TRIAL = 50;

export interface Searched {
  readonly seconds: number;
  readonly best: number;
}

export interface Killed {
  readonly best: number;
  /** Trials that had ended before the kill and ran again. */
  readonly repeated: number;
}

const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 20;

/** What was written until the trial that is killed has begun. */
export async function untilTrial(events: string, running: () => boolean): Promise<StepEvent[]> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const written = readEvents(events);
    if (written.some(({ kind, step }) => kind === 'start' && step === KILLED_TRIAL)) return written;
    if (!running()) throw new Error(`the program ended before trial ${KILLED_TRIAL}`);
    if (Date.now() > limit) throw new Error(`trial ${KILLED_TRIAL} did not come within two minutes`);
    await wait(LOOK_EVERY_MS);
  }
}

/** @param all what was written in the end, with what was there before */
export function repeatedIn(before: readonly StepEvent[], all: readonly StepEvent[]): number {
  const ended = new Set(before.filter(({ kind }) => kind === 'end').map(({ step }) => step));
  return all.slice(before.length).filter(({ kind, step }) => kind === 'start' && ended.has(step)).length;
}

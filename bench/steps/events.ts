/** Every program under test appends `<seconds since 1970> start|end <step>` to one file: the same clock for all. */
import { readFileSync } from 'node:fs';

export const STEPS = 10;
/** Counted from 0: the sixth. */
export const KILLED_STEP = 5;

export interface StepEvent {
  readonly at: number;
  readonly kind: 'start' | 'end';
  readonly step: number;
}

export function readEvents(path: string): StepEvent[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // What follows the last line feed is still being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [at, kind, step] = line.split(' ');
      return { at: Number(at), kind: kind as StepEvent['kind'], step: Number(step) };
    });
}

/** (last start − first start) / 9: what one step and the way to the next take. */
export function millisecondsPerStep(events: readonly StepEvent[]): number {
  const starts = events.filter(({ kind }) => kind === 'start');
  const order = starts.map(({ step }) => step).join(' ');
  if (order !== [...Array(STEPS).keys()].join(' ')) throw new Error(`ten steps in order were due, not: ${order}`);
  return ((starts.at(-1)!.at - starts[0]!.at) / (STEPS - 1)) * 1000;
}

export interface Recovery {
  /** From the resume command to the first step that runs. */
  readonly backSeconds: number;
  /** Steps that had ended before the kill and ran again. */
  readonly redone: number;
}

/** @param resumedAt seconds since 1970 */
export function recoveryOf(before: readonly StepEvent[], after: readonly StepEvent[], resumedAt: number): Recovery {
  const finished = new Set(before.filter(({ kind }) => kind === 'end').map(({ step }) => step));
  const starts = after.filter(({ kind }) => kind === 'start');
  if (starts[0] === undefined) throw new Error('nothing ran after the resume');
  const ended = new Set([...before, ...after].filter(({ kind }) => kind === 'end').map(({ step }) => step));
  if (ended.size !== STEPS) throw new Error(`${ended.size} of ${STEPS} steps ended after the resume`);
  return { backSeconds: starts[0].at - resumedAt, redone: starts.filter(({ step }) => finished.has(step)).length };
}

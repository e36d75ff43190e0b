/** Every program under test appends `<seconds since 1970> start|end <step>` to one file: the same clock for all. */
import { readFileSync } from 'node:fs';

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
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at, kind, step] = line.split(' ');
      return { at: Number(at), kind: kind as StepEvent['kind'], step: Number(step) };
    });
}

/** (last start − first start) / 9: what one step and the way to the next take. */
export function millisecondsPerStep(events: readonly StepEvent[]): number {
  const starts = events.filter(({ kind }) => kind === 'start').map(({ at }) => at);
  if (starts.length !== 10) throw new Error(`${starts.length} of 10 steps were started`);
  return ((starts.at(-1)! - starts[0]!) / 9) * 1000;
}

export interface Recovery {
  /** From the resume command to the first step that runs. */
  readonly backSeconds: number;
  /** Steps that had ended before the kill and ran again. */
  readonly redone: number;
}

export function recoveryOf(before: readonly StepEvent[], after: readonly StepEvent[], resumedAt: number): Recovery {
  const finished = new Set(before.filter(({ kind }) => kind === 'end').map(({ step }) => step));
  const starts = after.filter(({ kind }) => kind === 'start');
  if (starts[0] === undefined) throw new Error('nothing ran after the resume');
  return { backSeconds: starts[0].at - resumedAt, redone: starts.filter(({ step }) => finished.has(step)).length };
}

/**
 * A thread of a `Grower`: it answers a level's tasks for one part of the columns, each time that it is asked. Its histograms
 * are its own, so the bits of a tree don't depend on the number of threads.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { kernelOn } from './kernel';
import { layoutOf, type LayoutRequest } from './layout';
import { workOn } from './level';

export interface ThreadData {
  readonly trees: { readonly memory: WebAssembly.Memory; readonly request: LayoutRequest; readonly part: number };
}

/** Places in `control`: asked so often; tasks; threads that have answered. */
export const CONTROL = { asked: 0, tasks: 1, answered: 2 } as const;

function serve({ trees: { memory, request, part: number } }: ThreadData): void {
  const layout = layoutOf(request);
  const kernel = kernelOn(memory);
  const control = new Int32Array(memory.buffer, layout.control, 4);
  for (let asked = 0; ; asked += 1) {
    waitWhile(control, CONTROL.asked, asked);
    workOn(kernel, memory.buffer, layout, layout.parts[number]!, control[CONTROL.tasks]!);
    Atomics.add(control, CONTROL.answered, 1);
    Atomics.notify(control, CONTROL.answered);
  }
}

/** Levels follow each other within microseconds: a thread looks for some before it sleeps. */
const LOOKS = 5_000;

/** @returns false once it has slept for so long and nothing has changed */
export function waitWhile(control: Int32Array, place: number, value: number, forMs = Infinity): boolean {
  for (let looks = 0; looks < LOOKS; looks += 1) if (Atomics.load(control, place) !== value) return true;
  while (Atomics.load(control, place) === value) {
    if (Atomics.wait(control, place, value, forMs) === 'timed-out') return false;
  }
  return true;
}

if (!isMainThread && (workerData as Partial<ThreadData> | null)?.trees !== undefined) serve(workerData as ThreadData);

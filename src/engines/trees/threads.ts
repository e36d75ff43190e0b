/**
 * Threads for the parts of a level but the first, which is the caller's. One that dies fails the level that waits for it: the
 * caller looks up from its wait ten times a second, since an event reaches only a thread that doesn't sleep.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MlopsError } from '../../domain/errors';
import { builtFile } from '../../runtime/package-root';
import type { Layout, LayoutRequest } from './layout';
import { CONTROL, type ThreadData, waitWhile } from './thread';

const MOST_THREADS = 8;
/** A thread costs some 50 ms to start: so many numbers are histogrammed meanwhile. */
const NUMBERS_OF_THREAD = 500_000;
/** A wait's longest sleep. */
const NAP_MS = 100;

/**
 * As many as the process may have, where the data is worth it. A worker sets MLOPS_THREADS for its compute children, so that all
 * that run at once share the processors; else there are as many as processors.
 */
export function threadsFor(rows: number, columns: number): number {
  const most = Number(process.env.MLOPS_THREADS ?? availableParallelism());
  const worth = Math.ceil((rows * columns) / NUMBERS_OF_THREAD);
  return Math.max(1, Math.min(most, MOST_THREADS, columns, worth));
}

export class Threads {
  readonly #workers: readonly Worker[];
  readonly #control: Int32Array;
  /** Why one has ended; undefined while all live. */
  #death: Error | undefined;

  private constructor(workers: readonly Worker[], control: Int32Array) {
    this.#workers = workers;
    this.#control = control;
    for (const worker of workers) {
      worker.on('error', (error) => (this.#death ??= death(error)));
      worker.on('exit', (code) => (this.#death ??= death(new Error(`exit code ${code}`))));
    }
  }

  static start(memory: WebAssembly.Memory, layout: Layout, request: LayoutRequest): Threads {
    const workers = layout.parts.slice(1).map((_, i) => {
      const data: ThreadData = { trees: { memory, request, part: i + 1 } };
      return new Worker(builtFile('src', 'engines', 'trees', 'thread.js'), { workerData: data });
    });
    return new Threads(workers, new Int32Array(memory.buffer, layout.control, 4));
  }

  /**
   * All parts answer the first `count` tasks; `own` is the caller's.
   * @throws MlopsError MLOPS_COMPUTE_CRASHED: a thread has ended; what V8 says where it had no memory
   */
  async answer(count: number, own: () => void): Promise<void> {
    const control = this.#control;
    control[CONTROL.tasks] = count;
    Atomics.store(control, CONTROL.answered, 0);
    Atomics.add(control, CONTROL.asked, 1);
    Atomics.notify(control, CONTROL.asked);
    own();
    for (let answered = 0; answered < this.#workers.length; answered = Atomics.load(control, CONTROL.answered)) {
      if (this.#death !== undefined) throw this.#death;
      if (!waitWhile(control, CONTROL.answered, answered, NAP_MS)) await nextTurn();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Of a thread without memory V8 says so itself, and whoever runs the job knows its words. */
function death(error: Error): Error {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new MlopsError(
    'MLOPS_COMPUTE_CRASHED',
    `A thread of the trees ended before its work: ${error.message}.`,
    { job: 'trainTrees', how: error.message },
    'Training starts again from its last checkpoint; if it goes on, report it as a bug.',
    { cause: error }
  );
}

/** Starting and ending the worker under test. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Environment } from '../../src/runtime/environment';
import type { SearchSetup } from '../search/worker';
import type { WorkerSetup } from './worker';

export interface WorkerProcess {
  readonly running: () => boolean;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Resolves when it polls. @param program that `setup` is for */
export async function startWorker(
  setup: WorkerSetup | SearchSetup,
  env: Environment,
  program = require.resolve('./worker')
): Promise<WorkerProcess> {
  const child = fork(program, [JSON.stringify(setup)], {
    env: { ...env },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the benchmark's worker ended with ${code} before it polled`)));
  });
  return { running: () => running(child), end: (signal) => end(child, signal) };
}

function running({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!running(child)) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

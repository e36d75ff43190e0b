/**
 * Compute in child processes: one job, one child. SIGKILL cancels at once, whatever native code it is in, and a
 * crash costs one attempt, never the worker.
 */
import { fork } from 'node:child_process';
import type { RunJobOptions } from '../../activities/deps';
import type { ErrorCode, Where } from '../../domain/errors';
import { MlopsError } from '../../domain/errors';
import { builtFile } from '../../runtime/package-root';
import type { FromChild, ToChild } from './protocol';

/** Last lines of a child's stderr that an error quotes. */
const STDERR_TAIL = 2_000;

export function runJob<I, O>(job: string, input: I, options: RunJobOptions): Promise<O> {
  return new Promise<O>((resolve, reject) => {
    if (options.signal.aborted) return reject(options.signal.reason);
    const child = fork(builtFile('src', 'worker', 'compute', 'child.js'), [], {
      cwd: options.folder,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'json',
      execArgv: ['--enable-source-maps'],
    });
    let stderr = '';
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      options.signal.removeEventListener('abort', cancel);
      child.kill('SIGKILL');
      finish();
    };
    const cancel = (): void => settle(() => reject(options.signal.reason));
    options.signal.addEventListener('abort', cancel, { once: true });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-STDERR_TAIL);
    });
    child.on('error', (error) => settle(() => reject(crashed(job, error.message))));
    child.on('exit', (code, signal) =>
      settle(() => reject(crashed(job, `${signal ?? `exit code ${code}`}\n${stderr.trim()}`)))
    );
    child.on('message', (message: FromChild) => {
      switch (message.type) {
        case 'progress':
          return options.onProgress?.(message.progress);
        case 'checkpoint':
          return options.onCheckpoint?.(message.file, message.step);
        case 'done':
          return settle(() => resolve(message.output as O));
        case 'failed':
          return settle(() => reject(failure(message)));
      }
    });
    child.send({ job, input, folder: options.folder } satisfies ToChild);
  });
}

function failure(message: Extract<FromChild, { type: 'failed' }>): Error {
  if (message.code === undefined) return Object.assign(new Error(message.message), { stack: message.stack });
  const error = new MlopsError(message.code as ErrorCode, message.what, message.where as Where, message.fix);
  error.message = message.message;
  return error;
}

function crashed(job: string, how: string): MlopsError {
  return new MlopsError(
    'MLOPS_COMPUTE_CRASHED',
    `The compute process of ${job} ended before its job: ${how.trim()}.`,
    { job },
    'It is started again; if it goes on, look at memory and the worker’s log.'
  );
}

/** `mlops worker` as a process of its own, to be killed: it runs the build, as users do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/runtime/package-root';
import type { TestSystem } from './system';

export interface WorkerProcess {
  readonly pid: number;
  /** The signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
  readonly ready: Promise<void>;
  /** What it said on standard error. */
  said(): string;
  /** Ends it hard, if it is still there. */
  kill(): Promise<void>;
  /** Tells it to end, as a release does. */
  stop(): Promise<void>;
}

export interface WorkerProcessOptions {
  /** One of CRASH_POINTS, or `<point>#<n>` for its n-th time in this process. */
  readonly crashAt?: string;
  /** Modules of registered code. */
  readonly register?: readonly string[];
  /** Where its sources are. Default: the system's folder. */
  readonly dataFolder?: string;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
}

export function spawnWorker(
  system: Pick<TestSystem, 'env' | 'taskQueue' | 'folder'>,
  { crashAt, register = [], dataFolder = system.folder, args = [] }: WorkerProcessOptions = {}
): WorkerProcess {
  const child = spawn(
    process.execPath,
    [
      join(packageRoot(), 'dist', 'src', 'cli', 'mlops.js'),
      'worker',
      '--task-queue',
      system.taskQueue,
      '--work-folder',
      join(system.folder, 'work'),
      '--data',
      dataFolder,
      ...register.flatMap((file) => ['--register', file]),
      ...args,
    ],
    {
      env: { ...system.env, ...(crashAt === undefined ? {} : { MLOPS_CRASH_AT: crashAt }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    }
  );
  let said = '';
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as NodeJS.Signals | number);
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('mlops worker: ready')) resolve();
    });
    void ended.then((how) => reject(new Error(`the worker ended with ${how} before it was ready:\n${said}`)));
  });
  ready.catch(() => undefined);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    ended,
    ready,
    said: () => said,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

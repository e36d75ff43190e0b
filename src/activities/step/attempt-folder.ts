/** Folders of single attempts. An attempt removes its own; what a killed worker left, the next worker removes. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '../../runtime/process-alive';

/** With its start: a process id is given to another process in time. */
const PROCESS = `${hostname()}~${process.pid}~${Math.round(performance.timeOrigin)}`;

const attempt = new AsyncLocalStorage<string>();

/** The folder of the attempt that this code runs in. */
export function currentAttempt(): string | undefined {
  return attempt.getStore();
}

/** @param name what the attempt does, for whoever looks into the work folder */
export async function inAttemptFolder<T>(
  workFolder: string,
  name: string,
  work: (folder: string) => Promise<T>
): Promise<T> {
  const folder = join(workFolder, 'attempts', PROCESS, `${name}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    return await attempt.run(folder, () => work(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of this machine's processes that have ended. */
export async function sweepAttempts(workFolder: string): Promise<void> {
  const attempts = join(workFolder, 'attempts');
  await mkdir(attempts, { recursive: true });
  const left = (await readdir(attempts)).filter((name) => name !== PROCESS && hasEnded(name));
  await Promise.all(left.map((name) => rm(join(attempts, name), { recursive: true, force: true })));
}

function hasEnded(name: string): boolean {
  const [host, pid] = name.split('~');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  return Number(pid) === process.pid || !isProcessAlive(Number(pid));
}

/**
 * One run of a benchmark: a process that has a database, a bucket and a folder for temporary files of its own, so that two at
 * once don't disturb each other. Once it has ended, by a signal too, nothing is left of them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../src/runtime/environment';
import { dropOwnStores, RUN_NAME } from './steps/own-stores';

export interface OwnRun {
  readonly child: ChildProcess;
  /** Its code, once all of the run is removed. @throws where the stores can't be dropped: they are left */
  readonly ended: Promise<number>;
}

/** The code of a process that a signal ended. */
export const INTERRUPTED = 130;

/** @param command a program and its arguments; it and what it starts find their stores and folder in the environment */
export function startOwnRun(command: readonly [string, ...string[]]): OwnRun {
  const name = `${RUN_NAME}${randomUUID().slice(0, 8)}`;
  const folder = join(tmpdir(), name);
  mkdirSync(folder, { mode: 0o700 });
  const own = { MLOPS_DATABASE: name, S3_BUCKET: name, TMPDIR: folder };
  const [program, ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, ...own }, stdio: 'inherit' });
  return { child, ended: endOf(child, name, folder) };
}

async function endOf(child: ChildProcess, name: string, folder: string): Promise<number> {
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    await dropOwnStores({ ...readEnvironment(), MLOPS_DATABASE: name, S3_BUCKET: name });
    return code ?? INTERRUPTED;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

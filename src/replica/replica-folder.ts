/**
 * A replica's own folder; it makes the replica start with every server down:
 *
 *   lock            process id of the replica that works here
 *   endpoint.json   the last document that was served
 *   watermark.json  what was signalled
 *   counts.json     answers and failures since the served step was taken
 *   models/<hex>    models by digest
 *   spool/          what isn't in MongoDB yet
 *
 * Callers' inputs lie in it, so that it is closed to everybody but its owner.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MlopsError } from '../domain/errors';
import { preparePrivate } from '../runtime/private-folder';
import { isProcessAlive } from '../runtime/process-alive';

export interface ReplicaFolder {
  readonly endpointFile: string;
  readonly watermarkFile: string;
  readonly countsFile: string;
  readonly models: string;
  readonly spool: string;
  release(): void;
}

/** @throws MlopsError MLOPS_CONFIGURATION when another process works in the folder, or it belongs to somebody else */
export async function takeFolder(folder: string): Promise<ReplicaFolder> {
  await preparePrivate(folder);
  mkdirSync(join(folder, 'models'), { recursive: true });
  const lock = join(folder, 'lock');
  takeLock(lock);
  return {
    endpointFile: join(folder, 'endpoint.json'),
    watermarkFile: join(folder, 'watermark.json'),
    countsFile: join(folder, 'counts.json'),
    models: join(folder, 'models'),
    spool: join(folder, 'spool'),
    release: () => rmSync(lock, { force: true }),
  };
}

function takeLock(path: string): void {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(readFileSync(path, 'utf8'));
    // In a container every life of a replica has the same process id.
    if (owner !== process.pid && isProcessAlive(owner)) {
      throw new MlopsError(
        'MLOPS_CONFIGURATION',
        'Another replica works in this folder.',
        { lock: path, process: owner },
        'Give each replica a folder of its own, or remove the lock if that process is not a replica.'
      );
    }
    writeFileSync(path, String(process.pid));
  }
}

/** Undefined when there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value));
  await rename(`${path}.new`, path);
}

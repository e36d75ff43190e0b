/** A snapshot's artifacts on this machine, for the time of one verb. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MlopsError } from '../domain/errors';
import type { Fact } from '../domain/records';
import type { Records } from '../records';

/** A folder that only its owner can read, gone afterwards: rows are somebody's. */
export async function withOwnFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Local paths of these artifacts of a record, by their names; each is downloaded once, whichever records have it. */
export async function downloaded(
  records: Records,
  { _id, kind, artifacts }: Pick<Fact, '_id' | 'kind' | 'artifacts'>,
  names: readonly string[],
  folder: string
): Promise<Readonly<Record<string, string>>> {
  const locals: Record<string, string> = {};
  for (const name of names) {
    const artifact = artifacts.find((one) => one.name === name);
    if (artifact === undefined) {
      const fix = 'mlops doctor --verify looks at all records.';
      throw new MlopsError('MLOPS_RECORD_MISSING', `The ${kind} has no artifact ${name}.`, { id: _id }, fix);
    }
    const path = join(folder, artifact.digest.slice('sha256:'.length));
    // A download is there as a whole or not at all.
    if (!existsSync(path)) await records.download(artifact.digest, path);
    locals[name] = path;
  }
  return locals;
}

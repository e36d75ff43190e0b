/** Downloaded artifacts, by digest, on the worker's disk: verified once, then shared by all attempts. */
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../../domain/refs';
import type { Stores } from '../../stores/connect';
import type { ActivityDeps } from '../deps';

const MAX_BYTES = 10 * 2 ** 30;

/** Local paths of the artifacts, in their order. */
export async function localCopies(
  deps: ActivityDeps,
  stores: Stores,
  artifacts: readonly ArtifactRef[]
): Promise<string[]> {
  const folder = join(deps.workFolder, 'cache');
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const artifact of artifacts) {
    const path = join(folder, artifact.digest.slice('sha256:'.length));
    if (await isWhole(path, artifact.bytes)) {
      const now = new Date();
      await utimes(path, now, now);
    } else {
      await trim(folder, artifact.bytes);
      await stores.artifacts.download(artifact.digest, path);
    }
    paths.push(path);
  }
  return paths;
}

/** A machine that lost its power may keep the name of a file without its end. */
async function isWhole(path: string, bytes: number): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size === bytes,
    () => false
  );
}

const IN_USE_MS = 3_600_000;

/** Removes what was used longest ago; a file used within the hour may belong to a running job. */
async function trim(folder: string, needed: number): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      return { name, bytes: info?.size ?? 0, usedAt: info?.mtimeMs ?? 0 };
    })
  );
  let total = files.reduce((sum, file) => sum + file.bytes, needed);
  for (const file of files.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= MAX_BYTES || Date.now() - file.usedAt < IN_USE_MS) return;
    await rm(join(folder, file.name), { force: true });
    total -= file.bytes;
  }
}

/**
 * Downloaded artifacts, by digest, on the worker's disk, shared by all attempts. A copy is checked against its digest
 * before it is used. An attempt gets a name of its own for it in its folder, so that whoever makes room takes nothing away
 * from a job that runs.
 */
import { link, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ArtifactRef, Digest } from '../../domain/refs';
import { digestOfFile } from '../../runtime/digest';
import type { Stores } from '../../stores/connect';
import type { ActivityDeps } from '../deps';
import { currentAttempt } from './attempt-folder';
import { countArtifact } from './cost';

/** Local paths of the artifacts, in their order; within an attempt they last as long as it does. */
export async function localCopies(
  deps: ActivityDeps,
  stores: Stores,
  artifacts: readonly ArtifactRef[]
): Promise<string[]> {
  const folder = join(deps.workFolder, 'cache');
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const artifact of artifacts) {
    countArtifact(artifact);
    const path = copyOf(folder, artifact.digest);
    for (;;) {
      if (!(await isWhole(path, artifact))) {
        await trim(folder, artifact.bytes, deps.limits.cacheBytes);
        await stores.artifacts.download(artifact.digest, path);
      }
      await used(path);
      const copy = await namedInAttempt(path);
      // Somebody made room between two of our steps: it is downloaded anew.
      if (copy === undefined) continue;
      paths.push(copy);
      break;
    }
  }
  return paths;
}

/** Keeps a file of this attempt that was just hashed and put, so that the next step on this worker has it. */
export async function keepCopy(deps: ActivityDeps, file: string, artifact: ArtifactRef): Promise<void> {
  const folder = join(deps.workFolder, 'cache');
  await mkdir(folder, { recursive: true });
  await trim(folder, artifact.bytes, deps.limits.cacheBytes);
  const path = copyOf(folder, artifact.digest);
  const kept = await link(file, path).then(
    () => true,
    // It is there already, or the file system has no links: then it is downloaded when it is needed.
    () => false
  );
  if (kept) await used(path);
}

function copyOf(folder: string, digest: Digest): string {
  return join(folder, digest.slice('sha256:'.length));
}

/** Copies that this process has checked, as they looked then: a file that was written since looks otherwise. */
const checked = new Map<string, string>();

async function isWhole(
  path: string,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: number }
): Promise<boolean> {
  const look = await lookOf(path);
  if (look === undefined || look.bytes !== bytes) return false;
  return checked.get(path) === look.text || (await digestOfFile(path).catch(() => undefined)) === digest;
}

/** Marks it as used now, and as checked. */
async function used(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
  const look = await lookOf(path);
  if (look !== undefined) checked.set(path, look.text);
}

async function lookOf(path: string): Promise<{ readonly bytes: number; readonly text: string } | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => ({ bytes: Number(size), text: `${ino} ${size} ${mtimeNs}` }),
    () => undefined
  );
}

async function namedInAttempt(path: string): Promise<string | undefined> {
  const attempt = currentAttempt();
  if (attempt === undefined) return path;
  const folder = join(attempt, 'inputs');
  await mkdir(folder, { recursive: true });
  const name = join(folder, basename(path));
  try {
    await link(path, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    // A file system without links: the shared copy, used a moment ago, has to do.
    if (code !== 'EEXIST') return path;
  }
  return name;
}

const IN_USE_MS = 3_600_000;

/** Removes what was used longest ago; a file used within the hour is about to be used again. */
async function trim(folder: string, needed: number, limit: number): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      return { name, bytes: info?.size ?? 0, usedAt: info?.mtimeMs ?? 0 };
    })
  );
  let total = files.reduce((sum, file) => sum + file.bytes, needed);
  for (const file of files.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= limit || Date.now() - file.usedAt < IN_USE_MS) return;
    await rm(join(folder, file.name), { force: true });
    checked.delete(join(folder, file.name));
    total -= file.bytes;
  }
}

/**
 * Checkpoints of a running step: they save time and nothing else. One that can't be saved, or is gone, costs time, never
 * the training. A step has one record and one object, and neither once the step is committed.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import { type ErrorCode, errorCodeOf } from '../../domain/errors';
import type { ArtifactRef, Digest } from '../../domain/refs';
import { crashPoint } from '../../runtime/crash-points';
import { deleteCheckpoint, findCheckpoint, saveCheckpoint } from '../../stores/checkpoints';
import type { Stores } from '../../stores/connect';
import type { CheckpointDocument } from '../../stores/mutable-records';
import type { ActivityDeps } from '../deps';
import { localCopies } from './artifact-cache';

/** Damaged or lost, or older than checkpoints are kept. */
const GONE: readonly (ErrorCode | undefined)[] = ['MLOPS_ARTIFACT_CORRUPT', 'MLOPS_ARTIFACT_TAKEN'];

export interface CheckpointSaver {
  /** A checkpoint of `step` is complete in the folder. The newest of those that come while one is being saved is next. */
  save(file: string, step: number): void;
  /** Resolves once nothing is being saved; never rejects. */
  settled(): Promise<void>;
}

interface Pending {
  readonly file: string;
  readonly step: number;
}

/** @param maxBytes a larger checkpoint is left out, and the log says so: MLOPS_CHECKPOINT_TOO_LARGE */
export function checkpointSaver(
  stores: Stores,
  { key, folder, hardware, maxBytes }: { key: Digest; folder: string; hardware: string; maxBytes: number }
): CheckpointSaver {
  let next: Pending | undefined;
  let saving: Promise<void> | undefined;

  const saveOne = async ({ file, step }: Pending): Promise<void> => {
    const path = join(folder, file);
    const { size } = await stat(path);
    if (size > maxBytes) {
      log.warn('a checkpoint is too large and is not saved: after a failure training begins earlier', {
        ...{ code: 'MLOPS_CHECKPOINT_TOO_LARGE', step: key, bytes: size, limit: maxBytes },
      });
      return;
    }
    const artifact = await stores.artifacts.put({
      name: `checkpoint-${step}`,
      path,
      mediaType: 'application/octet-stream',
    });
    const before = await findCheckpoint(stores, key);
    const replaces = before === null ? [] : [before.artifact.digest];
    const replaced = await saveCheckpoint(stores, { _id: key, v: 1, step, artifact, hardware, replaces });
    crashPoint('train:checkpoint-saved');
    // Two attempts at once write the same bytes: what the record names now stays, whoever wrote it.
    const named = (await findCheckpoint(stores, key))?.artifact.digest;
    for (const digest of new Set([artifact.digest, ...(replaced === null ? [] : bytesOf(replaced))])) {
      if (digest !== named) await stores.artifacts.remove(digest);
    }
  };

  const saveAll = async (): Promise<void> => {
    for (let now = next; now !== undefined; now = next) {
      next = undefined;
      await saveOne(now).catch((error: unknown) => {
        log.warn('a checkpoint could not be saved: after a failure training begins earlier', {
          step: key,
          why: String(error),
        });
      });
      await rm(join(folder, now.file), { force: true }).catch(() => undefined);
    }
    saving = undefined;
  };

  return {
    save(file, step) {
      // What was waiting is superseded; its file may be the same one.
      if (next !== undefined && next.file !== file)
        void rm(join(folder, next.file), { force: true }).catch(() => undefined);
      next = { file, step };
      saving ??= saveAll();
    },
    settled: async () => {
      await saving;
    },
  };
}

/** A checkpoint's object, and that of the one before, which a worker that was killed may not have removed. */
function bytesOf({ artifact, replaces }: CheckpointDocument): readonly Digest[] {
  return [artifact.digest, ...replaces];
}

/** A local copy of the newest checkpoint; undefined where there is none, or its bytes are gone or damaged. */
export async function newestCheckpoint(deps: ActivityDeps, stores: Stores, key: Digest): Promise<string | undefined> {
  let tried: Digest | undefined;
  for (;;) {
    const checkpoint = await findCheckpoint(stores, key);
    // Another attempt may replace it while it is downloaded: what it wrote is looked at, too.
    if (checkpoint === null || checkpoint.artifact.digest === tried) return undefined;
    tried = checkpoint.artifact.digest;
    const copy = await usableCopy(deps, stores, checkpoint.artifact, { step: key });
    if (copy !== undefined) return copy;
  }
}

/** A local copy of what saves time and nothing else; undefined where it is gone or damaged. */
export async function usableCopy(
  deps: ActivityDeps,
  stores: Stores,
  artifact: ArtifactRef,
  of: Readonly<Record<string, string>>
): Promise<string | undefined> {
  try {
    return (await localCopies(deps, stores, [artifact]))[0];
  } catch (error) {
    if (!GONE.includes(errorCodeOf(error))) throw error;
    log.warn('the checkpoint is gone or damaged: training begins anew', { ...of, why: String(error) });
    return undefined;
  }
}

/** Called when the step's record is there: by the attempt that wrote it, or by the next one that finds it. */
export async function forgetCheckpoint(stores: Stores, key: Digest): Promise<void> {
  const checkpoint = await findCheckpoint(stores, key);
  if (checkpoint === null) return;
  try {
    for (const digest of bytesOf(checkpoint)) await stores.artifacts.remove(digest);
    await deleteCheckpoint(stores, key);
  } catch (error) {
    log.warn('a checkpoint that is not needed any more could not be removed', { step: key, why: String(error) });
  }
}

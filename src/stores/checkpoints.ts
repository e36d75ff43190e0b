/** The newest checkpoint of each running step. */
import type { Digest } from '../domain/refs';
import { collection, isDuplicateKey, type Store } from './mongo';
import type { CheckpointDocument } from './mutable-records';

/** @param step the step's key */
export async function findCheckpoint(store: Store, step: string): Promise<CheckpointDocument | null> {
  return collection(store, 'checkpoints').findOne({ _id: step });
}

/**
 * Keeps the larger step: an attempt that lags behind its successor changes nothing.
 * @returns the one that it replaced
 */
export async function saveCheckpoint(store: Store, document: CheckpointDocument): Promise<CheckpointDocument | null> {
  try {
    return await collection(store, 'checkpoints').findOneAndReplace(
      { _id: document._id, step: { $lt: document.step } },
      document,
      { upsert: true, returnDocument: 'before' }
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return null;
  }
}

export function allCheckpoints(store: Store): AsyncIterable<CheckpointDocument> {
  return collection(store, 'checkpoints').find();
}

/** Those whose bytes these are: what is left of them says nothing. */
export async function deleteCheckpointsOf(store: Store, bytes: Digest): Promise<void> {
  await collection(store, 'checkpoints').deleteMany({ 'artifact.digest': bytes });
}

export async function deleteCheckpoint(store: Store, step: string): Promise<void> {
  await collection(store, 'checkpoints').deleteOne({ _id: step });
}

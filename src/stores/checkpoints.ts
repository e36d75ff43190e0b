/** The newest checkpoint of each running step. */
import { collection, isDuplicateKey, type Store } from './mongo';
import type { CheckpointDocument } from './mutable-records';

/** @param step the step's key */
export async function findCheckpoint(store: Store, step: string): Promise<CheckpointDocument | null> {
  return collection(store, 'checkpoints').findOne({ _id: step });
}

/** Keeps the larger step: an attempt that lags behind its successor changes nothing. */
export async function saveCheckpoint(store: Store, document: CheckpointDocument): Promise<void> {
  try {
    await collection(store, 'checkpoints').replaceOne({ _id: document._id, step: { $lt: document.step } }, document, {
      upsert: true,
    });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

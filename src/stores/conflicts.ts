/**
 * Predictions whose id another one has, with other inputs: `conflicts.<endpoint>`. One replica refuses such a request while it
 * remembers the id; where two were asked, or the id is older, both have answered, and only the first that is shipped
 * can be the prediction. The other is kept here, counted and listed, and is in no window.
 */
import type { Collection } from 'mongodb';
import { type ConflictingPrediction, type PredictionRecord, sentInputs } from '../domain/endpoint';
import { conflictId } from '../domain/ids';
import { digestOf } from '../runtime/digest';
import { MONGO, type Store } from './mongo';

function conflictsOf(store: Store, endpoint: string): Collection<ConflictingPrediction> {
  return store[MONGO].db.collection(`conflicts.${endpoint}`);
}

/** Each once, by what callers sent: a view may have given other values. @param stored what has their ids; @returns how many of the records differ from it */
export async function keepConflicts(
  store: Store,
  endpoint: string,
  records: readonly PredictionRecord[],
  stored: ReadonlyMap<string, Pick<PredictionRecord, 'inputs' | 'views'>>
): Promise<number> {
  const conflicts = records.flatMap((record): ConflictingPrediction[] => {
    const first = stored.get(record._id);
    const inputs = digestOf(sentInputs(record));
    if (first === undefined || digestOf(sentInputs(first)) === inputs) return [];
    return [{ ...record, _id: conflictId(record._id, inputs), prediction: record._id }];
  });
  if (conflicts.length === 0) return 0;
  await conflictsOf(store, endpoint).bulkWrite(
    conflicts.map((conflict) => ({
      updateOne: { filter: { _id: conflict._id }, update: { $setOnInsert: conflict }, upsert: true },
    })),
    { ordered: false }
  );
  return conflicts.length;
}

export function countConflicts(store: Store, endpoint: string): Promise<number> {
  return conflictsOf(store, endpoint).estimatedDocumentCount();
}

/** The newest, the oldest of them first. */
export async function listConflicts(store: Store, endpoint: string, limit: number): Promise<ConflictingPrediction[]> {
  const newest = await conflictsOf(store, endpoint).find().sort({ $natural: -1 }).limit(limit).toArray();
  return newest.reverse();
}

/**
 * Taking an artifact's bytes, in three writes: its document is condemned, if nobody has touched it since it was judged;
 * its object is removed; its document says that it is gone. Whoever dies in between leaves a condemned document, and the
 * next run goes on from there. Bytes that are wanted meanwhile come under another key (artifacts.ts).
 */
import type { BytesOf, Tally } from '../domain/housekeeping';
import type { Digest } from '../domain/refs';
import { crashPoint } from '../runtime/crash-points';
import { objectKey } from './artifacts';
import { deleteCheckpointsOf } from './checkpoints';
import type { Stores } from './connect';
import { collection, MONGO, type Store } from './mongo';
import type { ArtifactDocument } from './mutable-records';

export interface Condemning {
  readonly what: BytesOf;
  readonly why: string;
  /** Of housekeeping, by whose id it counts what it took. */
  readonly run: string;
}

/** By MongoDB's clock, which sets `touchedAt`. */
export async function storeNow(store: Store): Promise<Date> {
  return ((await store[MONGO].db.command({ hello: 1 })) as { localTime: Date }).localTime;
}

/** Documents by digest, from the one after on. */
export function artifactsAfter(store: Store, after: string): AsyncIterable<ArtifactDocument> {
  return collection(store, 'artifacts')
    .find({ _id: { $gt: after as Digest } })
    .sort({ _id: 1 });
}

/** What a run that ended too early has begun to take. */
export function condemnedArtifacts(store: Store): AsyncIterable<ArtifactDocument> {
  return collection(store, 'artifacts').find({ state: 'deleting' });
}

/** False where somebody has touched it since it was read, or another run was first: then nothing was changed. */
export async function condemn(
  store: Store,
  { _id, touchedAt, generation }: ArtifactDocument,
  { what, why, run }: Condemning
): Promise<boolean> {
  const { matchedCount } = await collection(store, 'artifacts').updateOne(
    { _id, state: 'live', touchedAt, generation },
    { $set: { state: 'deleting', taken: { at: await storeNow(store), what, why, run } } }
  );
  crashPoint('housekeeping:condemned');
  return matchedCount === 1;
}

/**
 * An object that no document is of: a document is made that condemns it, so that a step that brings the same bytes puts
 * them under another key. False where there is a document by now.
 */
export async function condemnOrphan(
  store: Store,
  { digest, generation, bytes }: { readonly digest: Digest; readonly generation: number; readonly bytes: number },
  { what, why, run }: Condemning
): Promise<boolean> {
  const at = await storeNow(store);
  const { upsertedCount } = await collection(store, 'artifacts').updateOne(
    { _id: digest },
    { $setOnInsert: { v: 1, state: 'deleting', bytes, generation, touchedAt: at, taken: { at, what, why, run } } },
    { upsert: true }
  );
  crashPoint('housekeeping:condemned');
  return upsertedCount === 1;
}

/** Removes the condemned artifact's object, and says so. Twice, or late, it changes nothing more. */
export async function takeCondemned(
  stores: Stores,
  { _id, generation, taken }: Pick<ArtifactDocument, '_id' | 'generation' | 'taken'>
): Promise<void> {
  const { bucket } = stores.artifacts;
  const key = objectKey(_id, generation);
  if (taken === undefined || taken.what === 'checkpoint') await deleteCheckpointsOf(stores, _id);
  for await (const upload of bucket.uploads(key)) if (upload.key === key) await bucket.abortUpload(upload);
  await bucket.remove(key);
  crashPoint('housekeeping:object-removed');
  // A checkpoint that its step began to remove has no word of housekeeping: it goes as its step wanted.
  if (taken === undefined)
    await collection(stores, 'artifacts').deleteOne({ _id, generation, state: 'deleting', taken: { $exists: false } });
  else
    await collection(stores, 'artifacts').updateOne(
      { _id, generation, state: 'deleting' },
      { $set: { state: 'deleted' } }
    );
  crashPoint('housekeeping:taken');
}

/** Documents of these artifacts. */
export async function artifactsOf(
  store: Store,
  digests: readonly Digest[]
): Promise<ReadonlyMap<Digest, ArtifactDocument>> {
  const found = await collection(store, 'artifacts')
    .find({ _id: { $in: [...digests] } })
    .toArray();
  return new Map(found.map((document) => [document._id, document]));
}

/** What a run has taken, by sort and reason; what came again since is not counted. */
export async function takenBy(store: Store, run: string): Promise<Tally[]> {
  return collection(store, 'artifacts')
    .aggregate<Tally>([
      { $match: { 'taken.run': run } },
      { $group: { _id: { what: '$taken.what', why: '$taken.why' }, count: { $sum: 1 }, bytes: { $sum: '$bytes' } } },
      { $sort: { _id: 1 } },
      { $project: { _id: 0, what: '$_id.what', why: '$_id.why', count: 1, bytes: 1 } },
    ])
    .toArray();
}

/**
 * Feature views as endpoints read them: one document for each entity, with its newest value. A view's own document says which
 * snapshot they are of, and each batch of values is written in one transaction with it. So a materialization that was
 * overtaken writes nothing any more, and what it wrote before is replaced or removed by the one that overtook it.
 */
import { viewValueId } from '../domain/ids';
import { digestOf } from '../runtime/digest';
import type { ViewDocument, ViewValueDocument } from './mutable-records';
import { collection, inTransaction, type Store } from './mongo';

/** A materialization of a view. */
export type Materialization = Pick<ViewDocument, '_id' | 'project' | 'name' | 'definition' | 'snapshot' | 'asOf'> & {
  /** When the snapshot's record was made. */
  readonly madeAt: Date;
};

/** Values of an entity's columns, in the view's order; null: missing. */
export type Entity = readonly (string | number | boolean | null)[];

export interface EntityValue extends Pick<ViewValueDocument, 'moment' | 'values'> {
  readonly entity: Entity;
}

/** What replicas look up. */
export const entityValueId = (view: string, entity: Entity): string => viewValueId(view, digestOf(entity));

/** The later asOf wins, and of one asOf the snapshot that was made later. */
function orderOf({ asOf, madeAt, snapshot }: Pick<Materialization, 'asOf' | 'madeAt' | 'snapshot'>): string {
  return `${new Date(asOf).toISOString()} ${madeAt.toISOString()} ${snapshot.id}`;
}

/**
 * Writes a batch of values, each once however often it comes.
 * @returns false: nothing was written, since the view has been materialized of a later snapshot
 */
export async function writeViewValues(
  store: Store,
  materialization: Materialization,
  batch: readonly EntityValue[]
): Promise<boolean> {
  const order = orderOf(materialization);
  const { madeAt: _, _id: view, ...rest } = materialization;
  return inTransaction(store, async (session) => {
    const views = collection(store, 'views');
    const current = await views.findOne({ _id: view }, { session });
    if (current !== null && current.order > order) return false;
    // The count makes it a write each time: two transactions that meet on a view are one after the other.
    const begun = current?.order === order ? {} : { $unset: { done: true as const } };
    await views.updateOne(
      { _id: view },
      { $set: { v: 1, ...rest, order }, $inc: { revision: 1 }, $currentDate: { touchedAt: true }, ...begun },
      { session, upsert: true }
    );
    if (batch.length === 0) return true;
    await collection(store, 'viewValues').bulkWrite(
      batch.map(({ entity, moment, values }) => {
        const _id = entityValueId(view, entity);
        const replacement: ViewValueDocument = { _id, v: 1, view, order, moment, values };
        return { replaceOne: { filter: { _id }, replacement, upsert: true } };
      }),
      { session, ordered: false }
    );
    return true;
  });
}

/**
 * All values are written: removes those of entities that the snapshot has no more, and says so.
 * @returns false where a later materialization has begun: the rest is its to do
 */
export async function completeView(store: Store, materialization: Materialization, entities: number): Promise<boolean> {
  const order = orderOf(materialization);
  const view = materialization._id;
  // Only an older one's, which writes no more.
  await collection(store, 'viewValues').deleteMany({ view, order: { $lt: order } });
  const { matchedCount } = await collection(store, 'views').updateOne(
    { _id: view, order },
    { $set: { done: { at: new Date(), entities } } }
  );
  return matchedCount === 1;
}

export type FoundValue = Pick<ViewValueDocument, '_id' | 'moment' | 'values'>;

/** By id, in one read. @param limitMs of MongoDB's time */
export function findViewValues(store: Store, ids: readonly string[], limitMs: number): Promise<FoundValue[]> {
  return collection(store, 'viewValues')
    .find({ _id: { $in: [...ids] } }, { projection: { moment: 1, values: 1 }, maxTimeMS: limitMs })
    .batchSize(ids.length + 1)
    .toArray();
}

/** A project's materialized views. */
export function viewsOfProject(store: Store, project: string): Promise<ViewDocument[]> {
  return collection(store, 'views').find({ project }).sort({ _id: 1 }).toArray();
}

/** Of all projects, by id. */
export function allViews(store: Store): Promise<ViewDocument[]> {
  return collection(store, 'views').find().sort({ _id: 1 }).toArray();
}

/** Views that were materialized of a snapshot last. */
export function viewsOfSnapshot(store: Store, snapshot: string): Promise<ViewDocument[]> {
  return collection(store, 'views').find({ 'snapshot.id': snapshot }).sort({ _id: 1 }).toArray();
}

export async function findView(store: Store, id: string): Promise<ViewDocument | null> {
  return collection(store, 'views').findOne({ _id: id });
}

/** Documents of a view's values, and their bytes. */
export interface ViewSize {
  readonly count: number;
  readonly bytes: number;
}

export async function viewSize(store: Store, view: string): Promise<ViewSize> {
  const [size] = await collection(store, 'viewValues')
    .aggregate<ViewSize>([
      { $match: { view } },
      { $group: { _id: null, count: { $sum: 1 }, bytes: { $sum: { $bsonSize: '$$ROOT' } } } },
      { $project: { _id: 0 } },
    ])
    .toArray();
  return size ?? { count: 0, bytes: 0 };
}

const REMOVED_AT_ONCE = 1_000;

/**
 * Removes a view's values, and its document last, batch by batch in one transaction with it: as soon as somebody materializes the view
 * again, nothing more is removed. The view must be as it was read, so that one killed on its way goes on in the next run.
 * @returns false where it was written meanwhile
 */
export async function removeViewValues(
  store: Store,
  { _id, revision: read }: Pick<ViewDocument, '_id' | 'revision'>,
  signal: AbortSignal
): Promise<boolean> {
  const views = collection(store, 'views');
  const values = collection(store, 'viewValues');
  for (let revision = read; ; revision += 1) {
    signal.throwIfAborted();
    const left = await inTransaction(store, async (session) => {
      const taken = await views.updateOne({ _id, revision }, { $inc: { revision: 1 } }, { session });
      if (taken.matchedCount === 0) return undefined;
      const some = await values
        .find({ view: _id }, { session, projection: { _id: 1 } })
        .limit(REMOVED_AT_ONCE)
        .toArray();
      await values.deleteMany({ _id: { $in: some.map((value) => value._id) } }, { session });
      if (some.length < REMOVED_AT_ONCE) await views.deleteOne({ _id }, { session });
      return some.length;
    });
    if (left === undefined) return false;
    if (left < REMOVED_AT_ONCE) return true;
  }
}

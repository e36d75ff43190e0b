/**
 * The collections that exist before the first write, and their indexes: every query of a lifecycle, a monitor or a page
 * goes by one (tests/stores/indexes.test.ts). Those of predictions and truths are made with their collections.
 */
import { type IndexDescription, MongoServerError } from 'mongodb';
import { FACT_KINDS } from '../domain/refs';
import { factCollection, MONGO, type Store } from './mongo';
import { MUTABLE_RECORDS } from './mutable-records';

/** A replica that is silent for so long is listed no more. */
export const REPLICA_FORGOTTEN_S = 3_600;

/** Lists that name no project show the newest of all. */
const BY_TIME: IndexDescription = { key: { 'made.at': 1 } };

const INDEXES: Readonly<Record<string, readonly IndexDescription[]>> = {
  definitions: [BY_TIME, { key: { 'body.definition.name': 1, 'made.at': 1 } }],
  snapshots: [BY_TIME],
  reports: [BY_TIME, { key: { 'body.of.id': 1, 'made.at': 1 } }, { key: { 'body.version.id': 1 } }],
  labelSets: [BY_TIME, { key: { 'body.snapshot.id': 1, 'made.at': 1 } }],
  featureSets: [BY_TIME],
  trials: [BY_TIME, { key: { 'body.study': 1, 'made.at': 1 } }],
  winners: [BY_TIME, { key: { 'body.project': 1, 'made.at': 1 } }],
  runs: [BY_TIME],
  versions: [BY_TIME, { key: { 'body.project': 1, 'body.number': 1 }, unique: true }],
  evaluations: [BY_TIME, { key: { 'body.run.id': 1 } }],
  decisions: [BY_TIME, { key: { 'body.request': 1, 'made.at': 1 } }],
  windows: [
    { key: { 'body.endpoint': 1, 'body.period.from': 1, 'body.revision': 1 } },
    { key: { 'body.period.from': 1, 'body.revision': 1 } },
    // Few windows trigger anything.
    {
      key: { 'body.period.from': 1 },
      name: 'triggered',
      partialFilterExpression: { 'body.triggers.0': { $exists: true } },
    },
  ],
  cycles: [
    { key: { startedAt: 1 } },
    { key: { project: 1, cycle: 1 } },
    { key: { project: 1, startedAt: 1 } },
    { key: { 'causes.window': 1 }, sparse: true },
    { key: { project: 1, triggers: 1 } },
    // Few are open.
    { key: { state: 1 } },
  ],
  requests: [{ key: { openedAt: 1 } }, { key: { project: 1, openedAt: 1 } }],
  rollouts: [
    { key: { startedAt: 1 } },
    { key: { project: 1, startedAt: 1 } },
    { key: { 'version.id': 1 } },
    { key: { project: 1, epoch: 1 } },
  ],
  replicas: [
    { key: { endpoint: 1 } },
    // One that was killed can't withdraw its report.
    { key: { reportedAt: 1 }, expireAfterSeconds: REPLICA_FORGOTTEN_S },
  ],
  late: [{ key: { endpoint: 1, from: 1 } }],
  aliases: [{ key: { version: 1 } }],
  views: [{ key: { project: 1 } }, { key: { 'snapshot.id': 1 } }],
  viewValues: [{ key: { view: 1, order: 1 } }],
  artifacts: [
    { key: { touchedAt: 1 } },
    // Few are being taken, or have been.
    { key: { 'taken.run': 1 }, sparse: true },
    { key: { state: 1 }, name: 'deleting', partialFilterExpression: { state: 'deleting' } },
  ],
  edges: [{ key: { from: 1 } }, { key: { to: 1 } }],
  audit: [
    { key: { project: 1, sequence: 1 }, unique: true },
    { key: { at: 1, sequence: 1 } },
    { key: { 'record.id': 1 }, sparse: true },
  ],
};

/** Transactions can't make collections under load; they exist, with their indexes, before the first one. */
export async function prepareCollections(store: Store): Promise<void> {
  const { db } = store[MONGO];
  const wanted = [...FACT_KINDS.map(factCollection), ...MUTABLE_RECORDS, 'edges', 'audit'];
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  const there = new Set(found.map(({ name }) => name));
  await Promise.all(
    wanted.map(async (name) => {
      if (!there.has(name)) await create(store, name);
      const indexes = INDEXES[name];
      if (indexes !== undefined) await db.collection(name).createIndexes([...indexes]);
    })
  );
}

async function create(store: Store, name: string): Promise<void> {
  try {
    await store[MONGO].db.createCollection(name);
  } catch (error) {
    // Two workers that start together both make it: 48 is NamespaceExists.
    if (error instanceof MongoServerError && error.code === 48) return;
    throw error;
  }
}

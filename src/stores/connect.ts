/** Opens MongoDB and S3, checks that they can do what the steps' commits need, and makes collections and indexes. */
import { type Db, type MongoClient, MongoServerError } from 'mongodb';
import { FACT_KINDS } from '../domain/refs';
import { Artifacts } from './artifacts';
import { Audit } from './audit';
import { type StoreConfig, storeConfig } from './config';
import { Facts } from './facts';
import { factCollection, MONGO, openMongo, type Store } from './mongo';
import { Moving } from './moving';
import { MUTABLE_RECORDS } from './mutable-records';
import { checkReplicaSet } from './server';

/** A replica that is silent for so long is listed no more. */
export const REPLICA_FORGOTTEN_S = 3_600;
/** A server that hangs must fail an operation well before the activity's heartbeat is missed for good. */
export const OPERATION_TIMEOUT_MS = 8_000;
/** Longer: a server that is busy, or stopped for a moment, answers in the end; activities beat meanwhile. */
const SOCKET_TIMEOUT_MS = 20_000;

export interface Stores extends Store {
  /** Going, as `db` and `moving` are: call the named functions of stores/ instead. */
  readonly client: MongoClient;
  readonly db: Db;
  readonly facts: Facts;
  readonly moving: Moving;
  readonly artifacts: Artifacts;
  readonly audit: Audit;
  close(): Promise<void>;
}

export async function connectStores(config: StoreConfig = storeConfig()): Promise<Stores> {
  const mongo = openMongo(config, {
    appName: 'temporal-mlops',
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: OPERATION_TIMEOUT_MS,
    connectTimeoutMS: OPERATION_TIMEOUT_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
  });
  const store = { [MONGO]: mongo };
  try {
    await mongo.client.connect();
    await checkReplicaSet(store);
    await prepareCollections(mongo.db);
    const artifacts = new Artifacts(store, config.s3);
    await artifacts.prepare();
    const audit = new Audit(store);
    return {
      ...store,
      ...mongo,
      facts: new Facts(store, artifacts, audit),
      moving: new Moving(mongo),
      artifacts,
      audit,
      close: () => mongo.client.close(),
    };
  } catch (error) {
    await mongo.client.close();
    throw error;
  }
}

/** Transactions can't make collections under load; they exist, with their indexes, before the first one. */
async function prepareCollections(db: Db): Promise<void> {
  const wanted = [...FACT_KINDS.map(factCollection), ...MUTABLE_RECORDS, 'edges', 'audit'];
  const there = new Set(
    (await db.listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name)
  );
  await Promise.all(wanted.filter((name) => !there.has(name)).map((name) => createCollection(db, name)));
  await Promise.all([
    db.collection('versions').createIndex({ 'body.project': 1, 'body.number': 1 }, { unique: true }),
    db.collection('edges').createIndex({ from: 1 }),
    db.collection('edges').createIndex({ to: 1 }),
    db.collection('audit').createIndex({ project: 1, sequence: 1 }, { unique: true }),
    db.collection('windows').createIndex({ 'body.endpoint': 1, 'body.period.from': 1 }),
    db.collection('decisions').createIndex({ 'body.request': 1 }),
    db.collection('evaluations').createIndex({ 'body.run.id': 1 }),
    db.collection('cycles').createIndex({ project: 1 }),
    db.collection('replicas').createIndex({ endpoint: 1 }),
    // One that was killed can't withdraw its report.
    db.collection('replicas').createIndex({ reportedAt: 1 }, { expireAfterSeconds: REPLICA_FORGOTTEN_S }),
    db.collection('rollouts').createIndex({ project: 1, epoch: 1 }),
  ]);
}

async function createCollection(db: Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    // Two workers that start together both make it: 48 is NamespaceExists.
    if (error instanceof MongoServerError && error.code === 48) return;
    throw error;
  }
}

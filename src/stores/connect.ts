/** Opens MongoDB and S3, checks that they can do what the steps' commits need, and makes collections and indexes. */
import os from 'node:os';
import { type Db, MongoClient, MongoServerError } from 'mongodb';
import { MlopsError } from '../domain/errors';
import { FACT_KINDS } from '../domain/refs';
import { Artifacts } from './artifacts';
import { Audit } from './audit';
import { type StoreConfig, storeConfig } from './config';
import { Facts, factCollection } from './facts';
import { Moving } from './moving';

/** A server that hangs must fail an operation well before the activity's heartbeat is missed for good. */
export const OPERATION_TIMEOUT_MS = 8_000;
/** Longer: a server that is busy, or stopped for a moment, answers in the end; activities beat meanwhile. */
const SOCKET_TIMEOUT_MS = 20_000;

export interface Stores {
  readonly client: MongoClient;
  readonly db: Db;
  readonly facts: Facts;
  readonly moving: Moving;
  readonly artifacts: Artifacts;
  readonly audit: Audit;
  close(): Promise<void>;
}

export async function connectStores(config: StoreConfig = storeConfig()): Promise<Stores> {
  const client = new MongoClient(config.mongodbUri, {
    appName: 'temporal-mlops',
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: OPERATION_TIMEOUT_MS,
    connectTimeoutMS: OPERATION_TIMEOUT_MS,
    socketTimeoutMS: SOCKET_TIMEOUT_MS,
    ignoreUndefined: true,
    // Else the driver imports it dynamically, which a CommonJS sandbox such as jest's can't.
    runtimeAdapters: { os },
  });
  try {
    await client.connect();
    const db = client.db(config.database ?? databaseOf(config.mongodbUri));
    await checkReplicaSet(db);
    await prepareCollections(db);
    const artifacts = new Artifacts(db, config.s3);
    await artifacts.prepare();
    const audit = new Audit(client, db);
    return {
      client,
      db,
      facts: new Facts(client, db, artifacts, audit),
      moving: new Moving(client, db),
      artifacts,
      audit,
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

export function databaseOf(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return path ?? 'mlops';
}

export async function checkReplicaSet(db: Db): Promise<{ readonly version: string; readonly setName: string }> {
  const hello = await db.admin().command({ hello: 1 });
  if (typeof hello.setName !== 'string') {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      'MongoDB runs alone, and a commit of several records needs a replica set.',
      { server: String(hello.me ?? 'MONGODB_URI') },
      'Start it with --replSet and initiate the set (one member is enough).'
    );
  }
  const build = await db.admin().command({ buildInfo: 1 });
  const major = Number(String(build.version).split('.')[0]);
  if (!(major >= 6)) {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      'MongoDB is too old.',
      { version: String(build.version) },
      'Use 6.0 or newer.'
    );
  }
  return { version: String(build.version), setName: hello.setName };
}

const MOVING = [
  'cycles',
  'requests',
  'endpoints',
  'replicas',
  'rollouts',
  'aliases',
  'counters',
  'checkpoints',
  'code',
  'chains',
  'artifacts',
];

/** Transactions can't make collections under load; they exist, with their indexes, before the first one. */
async function prepareCollections(db: Db): Promise<void> {
  const wanted = [...FACT_KINDS.map(factCollection), ...MOVING, 'edges', 'audit'];
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

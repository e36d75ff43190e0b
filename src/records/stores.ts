/** MongoDB and S3 for reading: nothing is created or checked, and nothing is asked for until the first question. */
import os from 'node:os';
import { type Db, MongoClient } from 'mongodb';
import { Artifacts } from '../stores/artifacts';
import { Audit } from '../stores/audit';
import type { StoreConfig } from '../stores/config';
import { databaseOf } from '../stores/connect';
import { Facts } from '../stores/facts';
import { Moving } from '../stores/moving';

export interface RecordStores {
  readonly db: Db;
  readonly facts: Facts;
  readonly moving: Moving;
  readonly artifacts: Artifacts;
  readonly audit: Audit;
  /** Tells what keeps it from MongoDB; several questions at once would only hear that another one failed. */
  connect(): Promise<void>;
  close(): Promise<void>;
}

/** A person waits for the answer. */
const SELECTION_TIMEOUT_MS = 3_000;

export function openRecordStores(config: StoreConfig): RecordStores {
  const client = new MongoClient(config.mongodbUri, {
    appName: 'temporal-mlops-records',
    readConcern: { level: 'majority' },
    serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
    connectTimeoutMS: SELECTION_TIMEOUT_MS,
    // Else the driver imports it dynamically, which a CommonJS sandbox such as jest's can't.
    runtimeAdapters: { os },
  });
  const db = client.db(config.database ?? databaseOf(config.mongodbUri));
  const artifacts = new Artifacts(db, config.s3);
  const audit = new Audit(client, db);
  return {
    db,
    facts: new Facts(client, db, artifacts, audit),
    moving: new Moving(client, db),
    artifacts,
    audit,
    connect: async () => void (await client.connect()),
    close: () => client.close(),
  };
}

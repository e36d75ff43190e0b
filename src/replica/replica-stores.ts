/**
 * MongoDB and S3 as a replica sees them: opened without being asked for anything, so that it starts with both down.
 * Collections and checks are the worker's business.
 */
import os from 'node:os';
import { type Collection, type Db, MongoClient } from 'mongodb';
import type { EndpointDocument, ReplicaDocument } from '../domain/endpoint';
import { Artifacts } from '../stores/artifacts';
import type { StoreConfig } from '../stores/config';
import { databaseOf } from '../stores/connect';

export interface ReplicaStores {
  readonly db: Db;
  readonly endpoints: Collection<EndpointDocument>;
  readonly replicas: Collection<ReplicaDocument>;
  readonly artifacts: Pick<Artifacts, 'download'>;
  /** Ends what is going on, too. */
  close(): Promise<void>;
}

/** Shorter than a worker's: nothing is lost when a replica tries again, and it reports once a second. */
const OPERATION_MS = 3_000;

export function openReplicaStores(config: StoreConfig): ReplicaStores {
  const client = new MongoClient(config.mongodbUri, {
    appName: 'temporal-mlops-endpoint',
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: OPERATION_MS,
    connectTimeoutMS: OPERATION_MS,
    socketTimeoutMS: OPERATION_MS,
    ignoreUndefined: true,
    // The loops that use it try again by themselves, and should know soon.
    retryReads: false,
    retryWrites: false,
    // Else the driver imports it dynamically, which a CommonJS sandbox such as jest's can't.
    runtimeAdapters: { os },
  });
  const db = client.db(config.database ?? databaseOf(config.mongodbUri));
  return {
    db,
    endpoints: db.collection('endpoints'),
    replicas: db.collection('replicas'),
    artifacts: new Artifacts(db, config.s3),
    close: () => client.close(true),
  };
}

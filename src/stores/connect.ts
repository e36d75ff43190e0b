/** Opens MongoDB and S3, checks that they can do what the steps' commits need, and makes collections and indexes. */
import { Artifacts } from './artifacts';
import { Audit } from './audit';
import { type StoreConfig, storeConfig } from './config';
import { Facts } from './facts';
import { prepareCollections } from './indexes';
import { MONGO, openMongo, type Store } from './mongo';
import { checkReplicaSet } from './server';

/** A server that hangs must fail an operation well before the activity's heartbeat is missed for good. */
export const OPERATION_TIMEOUT_MS = 8_000;
/** Longer: a server that is busy, or stopped for a moment, answers in the end; activities beat meanwhile. */
const SOCKET_TIMEOUT_MS = 20_000;

export interface Stores extends Store {
  readonly facts: Facts;
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
    await prepareCollections(store);
    const artifacts = new Artifacts(store, config.s3);
    await artifacts.bucket.prepare();
    const audit = new Audit(store, artifacts);
    return {
      ...store,
      facts: new Facts(store, artifacts, audit),
      artifacts,
      audit,
      close: () => mongo.client.close(),
    };
  } catch (error) {
    await mongo.client.close();
    throw error;
  }
}

/**
 * MongoDB and S3 as a replica sees them: opened without being asked for anything, so that it starts with both down.
 * Collections and checks are the worker's business.
 */
import { Artifacts } from '../stores/artifacts';
import type { StoreConfig } from '../stores/config';
import { openStore, type Store } from '../stores/open';

export interface ReplicaStores extends Store {
  readonly artifacts: Pick<Artifacts, 'download'>;
  /** Ends what is going on, too. */
  close(): Promise<void>;
}

/** Shorter than a worker's: nothing is lost when a replica tries again, and it reports once a second. */
const OPERATION_MS = 3_000;

export function openReplicaStores(config: StoreConfig): ReplicaStores {
  const store = openStore(config, {
    appName: 'temporal-mlops-endpoint',
    reachMs: OPERATION_MS,
    silenceMs: OPERATION_MS,
    // The loops that use it try again by themselves, and should know soon.
    retries: false,
  });
  return { ...store, artifacts: new Artifacts(store, config.s3), close: () => store.close(true) };
}

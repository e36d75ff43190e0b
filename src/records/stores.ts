/** MongoDB and S3 for reading: nothing is created or checked, and nothing is asked for until the first question. */
import { Artifacts } from '../stores/artifacts';
import { Audit } from '../stores/audit';
import type { StoreConfig } from '../stores/config';
import { Facts } from '../stores/facts';
import { type OpenedStore, openStore } from '../stores/open';

export interface RecordStores extends OpenedStore {
  readonly facts: Facts;
  readonly artifacts: Artifacts;
  readonly audit: Audit;
}

/** A person waits for the answer. */
const SELECTION_TIMEOUT_MS = 3_000;

export function openRecordStores(config: StoreConfig): RecordStores {
  const store = openStore(config, { appName: 'temporal-mlops-records', reachMs: SELECTION_TIMEOUT_MS });
  const artifacts = new Artifacts(store, config.s3);
  const audit = new Audit(store, artifacts);
  return { ...store, facts: new Facts(store, artifacts, audit), artifacts, audit };
}

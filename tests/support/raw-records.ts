/**
 * MongoDB's documents as they are, for tests that look at records which no function of stores/ reads, or spoil them on
 * purpose. No other file outside of stores/ gets at a collection of the product's connection (.oxlintrc.json).
 */
import type { Collection, Db, MongoClient } from 'mongodb';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { EndpointDocument, ReplicaDocument } from '../../src/domain/endpoint';
import type { CycleDocument, Fact } from '../../src/domain/records';
import type { FactKind } from '../../src/domain/refs';
import { factCollection, MONGO, type Store } from '../../src/stores/mongo';
import type { AliasDocument, ArtifactDocument } from '../../src/stores/mutable-records';

export class RawRecords {
  readonly client: MongoClient;
  readonly db: Db;

  constructor({ [MONGO]: { client, db } }: Store) {
    this.client = client;
    this.db = db;
  }

  facts<K extends FactKind>(kind: K): Collection<Fact<K>> {
    return this.db.collection<Fact<K>>(factCollection(kind));
  }

  get cycles(): Collection<CycleDocument> {
    return this.db.collection('cycles');
  }

  get requests(): Collection<ApprovalRequest> {
    return this.db.collection('requests');
  }

  get endpoints(): Collection<EndpointDocument> {
    return this.db.collection('endpoints');
  }

  get replicas(): Collection<ReplicaDocument> {
    return this.db.collection('replicas');
  }

  get artifacts(): Collection<ArtifactDocument> {
    return this.db.collection('artifacts');
  }

  get aliases(): Collection<AliasDocument> {
    return this.db.collection('aliases');
  }
}

export function raw(store: Store): RawRecords {
  return new RawRecords(store);
}

/** The same stores behind another database's handle, such as one that waits before each operation. */
export function behind<S extends Store>(store: S, db: Db): S {
  return { ...store, [MONGO]: { ...store[MONGO], db } };
}

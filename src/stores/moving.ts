/** Going: raw collections for callers that have not moved to the named functions of this folder yet. */
import type { Collection, Db, MongoClient } from 'mongodb';
import type { ApprovalRequest } from '../domain/approval';
import type { EndpointDocument, ReplicaDocument } from '../domain/endpoint';
import type { CycleDocument } from '../domain/records';
import { countRefusal } from './counters';
import { MONGO, type Mongo } from './mongo';
import type { AliasDocument } from './mutable-records';

export class Moving {
  readonly client: MongoClient;
  readonly cycles: Collection<CycleDocument>;
  readonly requests: Collection<ApprovalRequest>;
  readonly endpoints: Collection<EndpointDocument>;
  readonly replicas: Collection<ReplicaDocument>;
  readonly aliases: Collection<AliasDocument>;
  readonly #db: Db;

  constructor({ client, db }: Mongo) {
    this.client = client;
    this.#db = db;
    this.cycles = db.collection('cycles');
    this.requests = db.collection('requests');
    this.endpoints = db.collection('endpoints');
    this.replicas = db.collection('replicas');
    this.aliases = db.collection('aliases');
  }

  countRefusal(of: string): Promise<number> {
    return countRefusal({ [MONGO]: { client: this.client, db: this.#db } }, of);
  }
}

/**
 * Everything that moves, in one place; all else is a fact and never changes. Each document has a revision (or an
 * order of its own) and is changed by compare-and-set on it, so that a late or second attempt can't undo a newer one.
 *
 * | collection  | `_id`                         | moves by                                    |
 * | cycles      | `<project>/<cycle>`           | revision, counted by its workflow           |
 * | requests    | `<project>/<cycle>`           | revision; closed once                       |
 * | endpoints   | endpoint                      | rollout epoch and step (rollouts.ts)        |
 * | rollouts    | `<workflow id>/<run id>`      | ended once (rollouts.ts)                    |
 * | replicas    | `<endpoint>/<replica>`        | its own replica alone                       |
 * | aliases     | `<project>/<alias>`           | with the endpoint, in its transaction       |
 * | counters    | `<project>/versions`, …       | $inc, in the transaction that uses it       |
 * | checkpoints | step key                      | larger step wins                            |
 * | code        | `<kind>/<name>/<version>`     | never, once written                         |
 * | artifacts   | digest                        | live → deleting (artifacts.ts)              |
 * | chains      | project                       | with each audit event (audit.ts)            |
 */
import type { Collection, Db, MongoClient } from 'mongodb';
import type { ApprovalRequest } from '../domain/approval';
import type { EndpointDocument, ReplicaDocument } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import type { CycleDocument } from '../domain/records';
import type { ArtifactRef, Digest } from '../domain/refs';
import { isDuplicateKey } from './facts';

export interface AliasDocument {
  /** `<project>/champion` */
  readonly _id: string;
  readonly v: 1;
  readonly revision: number;
  readonly version: string;
  readonly number: number;
  readonly digest: Digest;
}

/** The newest checkpoint of a running step. */
export interface CheckpointDocument {
  /** The step's key. */
  readonly _id: string;
  readonly v: 1;
  readonly step: number;
  readonly artifact: ArtifactRef;
  readonly hardware: string;
}

interface CodeDocument {
  readonly _id: string;
  readonly v: 1;
  readonly source: Digest;
}

interface CounterDocument {
  readonly _id: string;
  readonly v: 1;
  readonly value: number;
}

export class Moving {
  readonly client: MongoClient;
  readonly cycles: Collection<CycleDocument>;
  readonly requests: Collection<ApprovalRequest>;
  readonly endpoints: Collection<EndpointDocument>;
  readonly replicas: Collection<ReplicaDocument>;
  readonly aliases: Collection<AliasDocument>;
  readonly #checkpoints: Collection<CheckpointDocument>;
  readonly #counters: Collection<CounterDocument>;
  readonly #code: Collection<CodeDocument>;

  constructor(client: MongoClient, db: Db) {
    this.client = client;
    this.cycles = db.collection('cycles');
    this.requests = db.collection('requests');
    this.endpoints = db.collection('endpoints');
    this.replicas = db.collection('replicas');
    this.aliases = db.collection('aliases');
    this.#checkpoints = db.collection('checkpoints');
    this.#counters = db.collection('counters');
    this.#code = db.collection('code');
  }

  /** How often this was refused, this time included. */
  async countRefusal(of: string): Promise<number> {
    const counted = await this.#counters.findOneAndUpdate(
      { _id: `refusals ${of}` },
      { $inc: { value: 1 }, $setOnInsert: { v: 1 } },
      { upsert: true, returnDocument: 'after' }
    );
    return counted?.value ?? 1;
  }

  async checkpoint(key: string): Promise<CheckpointDocument | null> {
    return this.#checkpoints.findOne({ _id: key });
  }

  /** Keeps the larger step: an attempt that lags behind its successor changes nothing. */
  async saveCheckpoint(document: CheckpointDocument): Promise<void> {
    try {
      await this.#checkpoints.replaceOne({ _id: document._id, step: { $lt: document.step } }, document, {
        upsert: true,
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Registered code of one version has one source, on every worker and for ever. */
  async registerCode(id: string, source: Digest): Promise<void> {
    const registered = await this.#code.findOneAndUpdate(
      { _id: id },
      { $setOnInsert: { v: 1, source } },
      { upsert: true, returnDocument: 'after' }
    );
    if (registered !== null && registered.source !== source) {
      throw new MlopsError(
        'MLOPS_CODE_CHANGED',
        'Registered code changed under the same version.',
        { code: id, registered: registered.source, found: source },
        'Give the changed code a new version.'
      );
    }
  }
}

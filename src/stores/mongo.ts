/**
 * MongoDB behind a store's handle. Only stores/ imports this file (.oxlintrc.json): the other rooms pass the handle to
 * the named functions beside it, one file for each kind of record, and see no collection, database or client.
 */
import os from 'node:os';
import {
  type ClientSession,
  type Collection,
  type Db,
  MongoClient,
  type MongoClientOptions,
  MongoServerError,
} from 'mongodb';
import type { ApprovalRequest } from '../domain/approval';
import type { HoldDocument } from '../domain/housekeeping';
import type { EndpointDocument, ReplicaDocument } from '../domain/endpoint';
import type { AuditEvent } from '../domain/audit-event';
import type { CycleDocument, Fact, LineageEdge } from '../domain/records';
import type { Digest, FactKind } from '../domain/refs';
import type { RolloutDocument } from '../domain/rollout';
import { databaseNamed, type StoreConfig } from './config';
import type {
  AliasDocument,
  ArtifactDocument,
  ChainHead,
  CheckpointDocument,
  ClockDocument,
  CodeDocument,
  CounterDocument,
  LateHour,
  ProjectDocument,
  ViewDocument,
  ViewValueDocument,
} from './mutable-records';

export interface Mongo {
  readonly client: MongoClient;
  readonly db: Db;
}

export const MONGO = Symbol('mongo');

/** What every named function takes first: the worker's stores, a reader's and a replica's. */
export interface Store {
  readonly [MONGO]: Mongo;
}

/** Opens nothing yet: the driver connects with the first question. */
export function openMongo(config: StoreConfig, options: MongoClientOptions): Mongo {
  const client = new MongoClient(config.mongodbUri, {
    readConcern: { level: 'majority' },
    ignoreUndefined: true,
    // Else the driver imports it dynamically, which a CommonJS sandbox such as jest's can't.
    runtimeAdapters: { os },
    ...options,
  });
  return { client, db: client.db(databaseNamed(config)) };
}

/** Mutable records and what stands beside the facts, by collection. */
interface Documents {
  readonly cycles: CycleDocument;
  readonly requests: ApprovalRequest;
  readonly endpoints: EndpointDocument;
  readonly replicas: ReplicaDocument;
  readonly clocks: ClockDocument;
  readonly late: LateHour;
  readonly rollouts: RolloutDocument;
  readonly aliases: AliasDocument;
  readonly counters: CounterDocument;
  readonly checkpoints: CheckpointDocument;
  readonly projects: ProjectDocument;
  readonly code: CodeDocument;
  readonly views: ViewDocument;
  readonly viewValues: ViewValueDocument;
  readonly chains: ChainHead;
  readonly artifacts: ArtifactDocument;
  readonly holds: HoldDocument;
  readonly edges: LineageEdge;
  readonly audit: AuditEvent;
}

export function collection<N extends keyof Documents>(store: Store, name: N): Collection<Documents[N]> {
  return store[MONGO].db.collection(name);
}

/** As a condition: what begins like this. */
export function beginningWith(prefix: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: prefix, $lt: `${prefix}\uffff` };
}

/** A kind of fact lives in the collection of its name: `versions`, `labelSets`. */
export function factCollection(kind: FactKind): string {
  return `${kind}s`;
}

/** A fact as queries see it: its `_id` and, by dots, any field of its body. */
export type StoredFact<K extends FactKind> = Fact<K> & { readonly _id: string };

export function facts<K extends FactKind>(store: Store, kind: K): Collection<StoredFact<K>> {
  return store[MONGO].db.collection<StoredFact<K>>(factCollection(kind));
}

/** Facts have only the names and digests that they are found by. */
export interface FactHead {
  readonly _id: string;
  readonly digest: Digest;
  readonly body: Readonly<Record<string, unknown>>;
}

export function factHeads(store: Store, kind: FactKind): Collection<FactHead> {
  return store[MONGO].db.collection<FactHead>(factCollection(kind));
}

type AfterCommit = () => Promise<void>;

const afterCommits = new WeakMap<ClientSession, Map<string, AfterCommit>>();

/** Runs once the session's transaction is committed, and not at all if it isn't; of one key the last. */
export function afterCommit(session: ClientSession, key: string, run: AfterCommit): void {
  afterCommits.get(session)?.set(key, run);
}

/** Runs the work in a transaction, again where MongoDB says that another was in its way. */
export async function transaction<T>(store: Store, work: (session: ClientSession) => Promise<T>): Promise<T> {
  return store[MONGO].client.withSession(async (session) => {
    const result = await session.withTransaction(() => {
      afterCommits.set(session, new Map());
      return work(session);
    });
    for (const run of afterCommits.get(session)?.values() ?? []) await run();
    return result;
  });
}

/**
 * A transaction that finds what is there before it writes. Two firsts (an endpoint's document, a project's chain) can
 * meet on one `_id`: then once more, and the second look finds the winner's.
 */
export async function inTransaction<T>(store: Store, work: (session: ClientSession) => Promise<T>): Promise<T> {
  return transaction(store, work).catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
    return transaction(store, work);
  });
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000;
}

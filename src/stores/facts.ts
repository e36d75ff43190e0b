/**
 * Immutable records, one collection for each kind. A fact, its lineage, the touches of its artifacts and its audit
 * event are one transaction: all of it or nothing.
 */
import { hostname } from 'node:os';
import { type ClientSession, type Collection, type Db, type MongoClient, MongoServerError } from 'mongodb';
import { MlopsError } from '../domain/errors';
import type { Fact, LineageEdge } from '../domain/records';
import type { FactKind, Ref } from '../domain/refs';
import type { Artifacts } from './artifacts';
import type { Audit, NewAuditEvent } from './audit';

export function factCollection(kind: FactKind): string {
  return `${kind}s`;
}

export type NewFact<K extends FactKind> = Omit<Fact<K>, 'v' | 'made'>;

/** What is committed beside a fact. */
export interface CommitBeside {
  /** Relations to other records or artifacts; `used` edges to the inputs are added by themselves. */
  readonly edges?: readonly Omit<LineageEdge, '_id' | 'v'>[];
  readonly audit?: NewAuditEvent;
  /** Other writes of the same transaction. Runs again when the transaction is retried. */
  readonly also?: (session: ClientSession) => Promise<void>;
  readonly startedAt?: number;
}

export interface Committed<K extends FactKind> {
  readonly fact: Fact<K>;
  /** False where another attempt had committed first: its record is the one returned. */
  readonly won: boolean;
}

export class Facts {
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #artifacts: Artifacts;
  readonly #audit: Audit;

  constructor(client: MongoClient, db: Db, artifacts: Artifacts, audit: Audit) {
    this.#client = client;
    this.#db = db;
    this.#artifacts = artifacts;
    this.#audit = audit;
  }

  collection<K extends FactKind>(kind: K): Collection<Fact<K>> {
    return this.#db.collection<Fact<K>>(factCollection(kind));
  }

  async find<K extends FactKind>(kind: K, id: string): Promise<Fact<K> | null> {
    const found = (await this.#db
      .collection<{ _id: string }>(factCollection(kind))
      .findOne({ _id: id })) as Fact<K> | null;
    return found === null ? null : readable(found);
  }

  async get<K extends FactKind>(ref: { readonly kind: K; readonly id: string }): Promise<Fact<K>> {
    const fact = await this.find(ref.kind, ref.id);
    if (fact === null) {
      throw new MlopsError(
        'MLOPS_RECORD_MISSING',
        `There is no ${ref.kind} of this id.`,
        { collection: factCollection(ref.kind), id: ref.id },
        'Was MongoDB restored to an earlier day? mlops doctor lists dangling refs.'
      );
    }
    return fact;
  }

  /** Commits a fact that holds its own number, 1, 2, 3, … without a gap, taken in the same transaction. */
  async commitNumbered<K extends FactKind>(
    counter: string,
    make: (number: number) => { readonly fact: NewFact<K>; readonly audit: NewAuditEvent }
  ): Promise<Committed<K>> {
    return this.#once(
      async (session) => {
        const { fact, audit } = make(await this.#nextNumber(counter, session));
        return { fact, beside: { audit } };
      },
      () => make(0).fact
    );
  }

  /** Writes the fact once. Two attempts at once are normal: the loser gets the winner's record. */
  async commit<K extends FactKind>(fact: NewFact<K>, beside: CommitBeside = {}): Promise<Committed<K>> {
    return this.#once(
      async () => ({ fact, beside }),
      () => fact
    );
  }

  async #once<K extends FactKind>(
    make: (session: ClientSession) => Promise<{ readonly fact: NewFact<K>; readonly beside: CommitBeside }>,
    named: () => Pick<NewFact<K>, '_id' | 'kind'>
  ): Promise<Committed<K>> {
    try {
      const fact = await this.#client.withSession((session) =>
        session.withTransaction(async () => {
          const { fact: content, beside } = await make(session);
          const written = madeNow(content, beside.startedAt);
          await this.#db
            .collection<{ _id: string }>(factCollection(content.kind))
            .insertOne(written as never, { session });
          await this.#link(content, beside.edges ?? [], session);
          await this.#artifacts.touch(
            content.artifacts.map((artifact) => artifact.digest),
            session
          );
          if (beside.audit !== undefined) await this.#audit.append(beside.audit, session);
          await beside.also?.(session);
          return written;
        })
      );
      return { fact, won: true };
    } catch (error) {
      // Only outside the transaction: an error inside it aborts it, and every read there would fail and retry.
      if (!isDuplicateKey(error)) throw error;
      const { kind, _id } = named();
      const winner = await this.find(kind, _id);
      if (winner === null) throw error;
      return { fact: winner, won: false };
    }
  }

  /** Counters are moving; this one moves only with the fact that takes its number. */
  async #nextNumber(counter: string, session: ClientSession): Promise<number> {
    const next = await this.#db
      .collection<{ _id: string; v: 1; value: number }>('counters')
      .findOneAndUpdate(
        { _id: counter },
        { $inc: { value: 1 }, $setOnInsert: { v: 1 } },
        { upsert: true, returnDocument: 'after', session }
      );
    return next?.value ?? 1;
  }

  async #link(fact: NewFact<FactKind>, edges: CommitBeside['edges'] & {}, session: ClientSession): Promise<void> {
    const node = nodeOf({ kind: fact.kind, id: fact._id });
    const all = [
      ...fact.inputs.map((input) => ({ from: node, relation: 'used' as const, to: nodeOf(input) })),
      ...fact.artifacts.map((artifact) => ({ from: node, relation: 'produced' as const, to: artifact.digest })),
      ...edges,
    ];
    if (all.length === 0) return;
    await this.#db.collection<LineageEdge>('edges').bulkWrite(
      all.map((edge) => ({
        updateOne: {
          filter: { _id: `${edge.from} ${edge.relation} ${edge.to}` },
          update: { $setOnInsert: { v: 1, ...edge } },
          upsert: true,
        },
      })),
      { session }
    );
  }
}

function madeNow<K extends FactKind>(fact: NewFact<K>, startedAt: number | undefined): Fact<K> {
  const seconds = startedAt === undefined ? 0 : (Date.now() - startedAt) / 1000;
  return { ...fact, v: 1, made: { at: new Date(), seconds, by: `${process.pid}@${hostname()}` } } as unknown as Fact<K>;
}

/** A record's name in the lineage graph: `version:flights-1/2`. */
export function nodeOf(ref: { readonly kind: FactKind; readonly id: string }): string {
  return `${ref.kind}:${ref.id}`;
}

export function refOf<K extends FactKind>(fact: Fact<K>): Ref<K> {
  return { kind: fact.kind, id: fact._id, digest: fact.digest };
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000;
}

function readable<K extends FactKind>(fact: Fact<K>): Fact<K> {
  if ((fact.v as number) !== 1) {
    throw new MlopsError(
      'MLOPS_RECORD_VERSION',
      'A record was written by a newer release.',
      { collection: factCollection(fact.kind), id: fact._id, v: fact.v },
      'Upgrade this worker.'
    );
  }
  return fact;
}

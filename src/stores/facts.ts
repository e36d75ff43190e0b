/**
 * Immutable records, one collection for each kind. A fact, its lineage, the touches of its artifacts and its audit
 * event are one transaction: all of it or nothing.
 */
import { hostname } from 'node:os';
import type { ClientSession } from 'mongodb';
import { MlopsError } from '../domain/errors';
import type { Fact, StepCost } from '../domain/records';
import type { Digest, FactKind, Ref } from '../domain/refs';
import type { Artifacts } from './artifacts';
import type { Audit, NewAuditEvent } from './audit';
import { nextNumber } from './counters';
import { addEdges, type NewEdge } from './edges';
import { recordDigest } from './fact-digest';
import { factCollection, type FactHead, factHeads, isDuplicateKey, type Store, transaction } from './mongo';
import { processName } from '../domain/ids';

export type NewFact<K extends FactKind> = Omit<Fact<K>, 'v' | 'made' | 'record'>;

/** What is committed beside a fact. */
export interface CommitBeside {
  /** Relations to other records or artifacts; `used` edges to the inputs are added by themselves. */
  readonly edges?: readonly NewEdge[];
  readonly audit?: NewAuditEvent;
  /** Other writes of the same transaction. Runs again when the transaction is retried. */
  readonly also?: (session: ClientSession) => Promise<void>;
  readonly startedAt?: number;
  readonly cost?: StepCost;
  /** Those of the fact's artifacts that an earlier record produced: it holds them too, and did not make them. */
  readonly inherited?: readonly Digest[];
}

export interface Committed<K extends FactKind> {
  readonly fact: Fact<K>;
  /** False where another attempt had committed first: its record is the one returned. */
  readonly won: boolean;
}

export class Facts {
  readonly #store: Store;
  readonly #artifacts: Artifacts;
  readonly #audit: Audit;

  constructor(store: Store, artifacts: Artifacts, audit: Audit) {
    this.#store = store;
    this.#artifacts = artifacts;
    this.#audit = audit;
  }

  async find<K extends FactKind>(kind: K, id: string): Promise<Fact<K> | null> {
    const found = (await factHeads(this.#store, kind).findOne({ _id: id })) as unknown as Fact<K> | null;
    return found === null ? null : readable(found);
  }

  /** Its digest and these fields of its body, such as `body.rows`: a snapshot's whole body may be large. */
  async findHead(kind: FactKind, id: string, fields: readonly string[]): Promise<FactHead | null> {
    const projection = Object.fromEntries(['digest', ...fields].map((field) => [field, 1]));
    return factHeads(this.#store, kind).findOne({ _id: id }, { projection });
  }

  /** All of a kind by id, with these fields only. */
  scan<K extends FactKind>(
    kind: K,
    fields: readonly (keyof Fact)[]
  ): AsyncIterable<Pick<Fact<K>, '_id' | 'kind'> & Partial<Fact<K>>> {
    const projection = Object.fromEntries(fields.map((field) => [field, 1]));
    const found = factHeads(this.#store, kind).find({}, { projection }).sort({ _id: 1 });
    return found as unknown as AsyncIterable<Fact<K>>;
  }

  /** All of a kind by id. */
  all<K extends FactKind>(kind: K): AsyncIterable<Fact<K>> {
    return factHeads(this.#store, kind).find().sort({ _id: 1 }) as unknown as AsyncIterable<Fact<K>>;
  }

  /** These records, as far as they are there, with these fields only. */
  async some<K extends FactKind>(
    kind: K,
    ids: readonly string[],
    fields: readonly (keyof Fact | 'body.model.digest' | 'body.model')[]
  ): Promise<Map<string, Partial<Fact<K>>>> {
    const found = new Map<string, Partial<Fact<K>>>();
    if (ids.length === 0) return found;
    const projection = Object.fromEntries(fields.map((field) => [field, 1]));
    const records = factHeads(this.#store, kind).find({ _id: { $in: [...new Set(ids)] } }, { projection });
    for await (const record of records) found.set(record._id, record as unknown as Partial<Fact<K>>);
    return found;
  }

  /** Those of the ids that no record has. */
  async missing(kind: FactKind, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set(ids);
    if (missing.size === 0) return missing;
    const found = factHeads(this.#store, kind).find({ _id: { $in: [...missing] } }, { projection: { _id: 1 } });
    for await (const { _id } of found) missing.delete(_id);
    return missing;
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
        const { fact, audit } = make(await nextNumber(this.#store, counter, session));
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
      const fact = await transaction(this.#store, async (session) => {
        const { fact: content, beside } = await make(session);
        return this.write(content, beside, session);
      });
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

  /** Within the caller's transaction: it fails on a duplicate, so the caller has looked before. */
  async write<K extends FactKind>(content: NewFact<K>, beside: CommitBeside, session: ClientSession): Promise<Fact<K>> {
    const written = madeNow(content, beside);
    await factHeads(this.#store, content.kind).insertOne(written as never, { session });
    await this.#link(content, beside, session);
    await this.#artifacts.touch(
      content.artifacts.map((artifact) => artifact.digest),
      session
    );
    if (beside.audit !== undefined) {
      const record = { kind: content.kind, id: content._id, digest: written.record };
      await this.#audit.append({ ...beside.audit, record }, session);
    }
    await beside.also?.(session);
    return written;
  }

  async #link(
    fact: NewFact<FactKind>,
    { edges = [], inherited = [] }: CommitBeside,
    session: ClientSession
  ): Promise<void> {
    const others = new Set(inherited);
    const own = fact.artifacts.filter(({ digest }) => !others.has(digest));
    const node = nodeOf({ kind: fact.kind, id: fact._id });
    const all = [
      ...fact.inputs.map((input) => ({ from: node, relation: 'used' as const, to: nodeOf(input) })),
      ...own.map((artifact) => ({ from: node, relation: 'produced' as const, to: artifact.digest })),
      ...edges,
    ];
    await addEdges(this.#store, all, session);
  }
}

function madeNow<K extends FactKind>(fact: NewFact<K>, { startedAt, cost }: CommitBeside): Fact<K> {
  const seconds = startedAt === undefined ? 0 : (Date.now() - startedAt) / 1000;
  return {
    ...fact,
    v: 1,
    record: recordDigest(fact),
    made: {
      at: new Date(),
      seconds,
      by: processName(process.pid, hostname()),
      ...(cost === undefined ? {} : { cost }),
    },
  } as unknown as Fact<K>;
}

/** A record's name in the lineage graph: `version:flights-1/2`. */
export function nodeOf(ref: { readonly kind: FactKind; readonly id: string }): string {
  return `${ref.kind}:${ref.id}`;
}

export function refOf<K extends FactKind>(fact: Fact<K>): Ref<K> {
  return { kind: fact.kind, id: fact._id, digest: fact.digest };
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

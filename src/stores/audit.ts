/**
 * The audit: append-only, one hash chain for each project. An event's id comes from its cause, so what happens at
 * least once is recorded once.
 */
import type { ClientSession } from 'mongodb';
import { errorCodeOf } from '../domain/errors';
import { crashPoint } from '../runtime/crash-points';
import { digestOf } from '../runtime/digest';
import type { AuditEvent } from '../domain/audit-event';
import type { Digest } from '../domain/refs';
import type { Artifacts } from './artifacts';
import { writeHead } from './audit-heads';
import { afterCommit, collection, inTransaction, type Store } from './mongo';
import type { ChainHead } from './mutable-records';

export interface NewAuditEvent {
  /** Deterministic: `closed <request>`, `deployed <version>`, … */
  readonly id: string;
  readonly project: string;
  readonly what: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly record?: AuditEvent['record'];
}

const GENESIS: Digest = `sha256:${'0'.repeat(64)}`;

export class Audit {
  readonly #store: Store;
  readonly #objects: Artifacts;

  constructor(store: Store, objects: Artifacts) {
    this.#store = store;
    this.#objects = objects;
  }

  /** Within a transaction: with what the event is about. */
  async append(event: NewAuditEvent, session: ClientSession): Promise<void> {
    // Also where it is there: the attempt that wrote it may have died before it wrote the head.
    afterCommit(session, `head of ${event.project}`, () => this.#seal(event.project));
    if ((await collection(this.#store, 'audit').findOne({ _id: event.id }, { session })) !== null) return;
    const head = await collection(this.#store, 'chains').findOne({ _id: event.project }, { session });
    const content = {
      _id: event.id,
      v: 1 as const,
      project: event.project,
      sequence: (head?.sequence ?? 0) + 1,
      at: new Date(),
      what: event.what,
      by: event.by,
      detail: event.detail,
      ...(event.record === undefined ? {} : { record: event.record }),
      previous: head?.digest ?? GENESIS,
    };
    const digest = digestOf(content);
    // Advancing the head conflicts with any other writer of the chain, and the transaction is tried again.
    await collection(this.#store, 'chains').updateOne(
      { _id: event.project },
      { $set: { v: 1, sequence: content.sequence, digest } },
      { upsert: true, session }
    );
    await collection(this.#store, 'audit').insertOne({ ...content, digest }, { session });
  }

  /** In a transaction of its own, for what has no record beside it. */
  async record(event: NewAuditEvent): Promise<void> {
    await inTransaction(this.#store, (session) => this.append(event, session));
  }

  /**
   * Writes the chain's head to the object store, once the transaction of an event is committed. While the object store
   * is away no decision waits for it: the head of the next event covers this one too, and until then
   * `mlops doctor --verify` says how many events no head covers.
   */
  async #seal(project: string): Promise<void> {
    const head = await collection(this.#store, 'chains').findOne({ _id: project });
    if (head === null) return;
    crashPoint('audit:appended');
    try {
      await writeHead(this.#objects.bucket, { project, sequence: head.sequence, digest: head.digest });
    } catch (error) {
      if (errorCodeOf(error) !== 'MLOPS_STORE_UNAVAILABLE') throw error;
    }
  }

  async find(id: string): Promise<AuditEvent | null> {
    return collection(this.#store, 'audit').findOne({ _id: id });
  }

  async at(project: string, sequence: number): Promise<AuditEvent | null> {
    return collection(this.#store, 'audit').findOne({ project, sequence });
  }

  /** Projects that have a chain. */
  async projects(): Promise<string[]> {
    return (await collection(this.#store, 'audit').distinct('project')).sort();
  }

  async list(project: string, limit = 1000): Promise<AuditEvent[]> {
    return collection(this.#store, 'audit').find({ project }).sort({ sequence: 1 }).limit(limit).toArray();
  }

  /** A project's chain, from its beginning. */
  events(project: string, after = 0): AsyncIterable<AuditEvent> {
    const later = after === 0 ? {} : { sequence: { $gt: after } };
    return collection(this.#store, 'audit')
      .find({ project, ...later })
      .sort({ sequence: 1 });
  }

  /** Where a project's chain ends, by the document that its writers advance. */
  async end(project: string): Promise<ChainHead | null> {
    return collection(this.#store, 'chains').findOne({ _id: project });
  }

  /** The digests that the audit recorded of these records, by id; of several events of one record the last. */
  async recorded(kind: string, ids: readonly string[]): Promise<ReadonlyMap<string, Digest>> {
    const recorded = new Map<string, Digest>();
    const events = collection(this.#store, 'audit')
      .find({ 'record.id': { $in: [...ids] }, 'record.kind': kind }, { projection: { record: 1 } })
      .sort({ project: 1, sequence: 1 });
    for await (const { record } of events) if (record !== undefined) recorded.set(record.id, record.digest);
    return recorded;
  }

  /** Walks a project's chain; the first event that doesn't fit, or undefined. */
  async firstBroken(project: string): Promise<string | undefined> {
    const chain = new ChainWalk();
    for await (const event of this.events(project)) if (chain.next(event) !== undefined) return event._id;
    const end = await this.end(project);
    return end === null || end.digest === chain.digest ? undefined : `the end of ${project}'s chain`;
  }
}

/** Follows a chain event by event. */
export class ChainWalk {
  #sequence = 0;
  #digest: Digest = GENESIS;

  /** The last event's; without events, that of the beginning. */
  get digest(): Digest {
    return this.#digest;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** What is wrong with the event that follows, if anything; goes on from there as if nothing were. */
  next(event: AuditEvent): string | undefined {
    const { digest, ...content } = event;
    const wrong =
      event.sequence !== this.#sequence + 1
        ? `event ${event._id} is number ${event.sequence} and follows ${this.#sequence}: events were deleted or moved`
        : event.previous !== this.#digest
          ? `event ${event._id} names another event before it: the one before was changed, deleted or moved`
          : digestOf(content) !== digest
            ? `event ${event._id} was changed: its content has another digest`
            : undefined;
    this.#sequence = event.sequence;
    this.#digest = digest;
    return wrong;
  }
}

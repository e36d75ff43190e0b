/**
 * The audit: append-only, one hash chain for each project. An event's id comes from its cause, so what happens at
 * least once is told once.
 */
import type { ClientSession } from 'mongodb';
import { digestOf } from '../runtime/digest';
import type { AuditEvent } from '../domain/records';
import type { Digest } from '../domain/refs';
import { collection, inTransaction, type Store } from './mongo';

export interface NewAuditEvent {
  /** Deterministic: `closed <request>`, `deployed <version>`, … */
  readonly id: string;
  readonly project: string;
  readonly what: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const GENESIS: Digest = `sha256:${'0'.repeat(64)}`;

export class Audit {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Within a transaction: with what the event tells of. */
  async append(event: NewAuditEvent, session: ClientSession): Promise<void> {
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

  /** Walks a project's chain; the first event that doesn't fit, or undefined. */
  async firstBroken(project: string): Promise<string | undefined> {
    let previous: Digest = GENESIS;
    let sequence = 0;
    for await (const event of collection(this.#store, 'audit').find({ project }).sort({ sequence: 1 })) {
      const { digest, ...content } = event;
      sequence += 1;
      if (event.sequence !== sequence || event.previous !== previous || digestOf(content) !== digest) return event._id;
      previous = digest;
    }
    const head = await collection(this.#store, 'chains').findOne({ _id: project });
    return head === null || head.digest === previous ? undefined : `the end of ${project}'s chain`;
  }
}

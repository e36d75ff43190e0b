/**
 * The audit: append-only, one hash chain for each project. An event's id comes from its cause, so what happens at
 * least once is told once.
 */
import type { ClientSession, Collection, Db, MongoClient } from 'mongodb';
import { digestOf } from '../runtime/digest';
import type { AuditEvent } from '../domain/records';
import type { Digest } from '../domain/refs';
import { isDuplicateKey } from './facts';

export interface NewAuditEvent {
  /** Deterministic: `closed <request>`, `deployed <version>`, … */
  readonly id: string;
  readonly project: string;
  readonly what: string;
  readonly by: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface ChainHead {
  readonly _id: string;
  readonly v: 1;
  readonly sequence: number;
  readonly digest: Digest;
}

const GENESIS: Digest = `sha256:${'0'.repeat(64)}`;

export class Audit {
  readonly #client: MongoClient;
  readonly #events: Collection<AuditEvent>;
  readonly #chains: Collection<ChainHead>;

  constructor(client: MongoClient, db: Db) {
    this.#client = client;
    this.#events = db.collection<AuditEvent>('audit');
    this.#chains = db.collection<ChainHead>('chains');
  }

  /** Within a transaction: with what the event tells of. */
  async append(event: NewAuditEvent, session: ClientSession): Promise<void> {
    if ((await this.#events.findOne({ _id: event.id }, { session })) !== null) return;
    const head = await this.#chains.findOne({ _id: event.project }, { session });
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
    await this.#chains.updateOne(
      { _id: event.project },
      { $set: { v: 1, sequence: content.sequence, digest } },
      { upsert: true, session }
    );
    await this.#events.insertOne({ ...content, digest }, { session });
  }

  /** In a transaction of its own, for what has no record beside it. */
  async record(event: NewAuditEvent): Promise<void> {
    try {
      await this.#client.withSession((session) => session.withTransaction(() => this.append(event, session)));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Either this event is there by another attempt, or two first events of a project met: once more tells.
      await this.#client.withSession((session) => session.withTransaction(() => this.append(event, session)));
    }
  }

  async find(id: string): Promise<AuditEvent | null> {
    return this.#events.findOne({ _id: id });
  }

  async list(project: string, limit = 1000): Promise<AuditEvent[]> {
    return this.#events.find({ project }).sort({ sequence: 1 }).limit(limit).toArray();
  }

  /** Walks a project's chain; the first event that doesn't fit, or undefined. */
  async firstBroken(project: string): Promise<string | undefined> {
    let previous: Digest = GENESIS;
    let sequence = 0;
    for await (const event of this.#events.find({ project }).sort({ sequence: 1 })) {
      const { digest, ...content } = event;
      sequence += 1;
      if (event.sequence !== sequence || event.previous !== previous || digestOf(content) !== digest) return event._id;
      previous = digest;
    }
    const head = await this.#chains.findOne({ _id: project });
    return head === null || head.digest === previous ? undefined : `the end of ${project}'s chain`;
  }
}

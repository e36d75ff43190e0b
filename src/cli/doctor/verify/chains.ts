/** Audit chains against their heads in the object store, and what each event says against the record that it names. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEvent } from '../../../domain/audit-event';
import { FACT_KINDS, type FactKind } from '../../../domain/refs';
import type { RecordStores } from '../../../records/stores';
import { ChainWalk } from '../../../stores/audit';
import { headAt, headsOf, projectsWithHeads } from '../../../stores/audit-heads';
import { findRequests } from '../../../stores/requests';
import { findRollouts } from '../../../stores/rollouts';
import { type Finding, ok, Problems, warning } from '../finding';
import { batches } from './batches';

export const RESTORE = 'Find out who wrote to MongoDB, and restore what is missing or changed from a backup.';

export async function verifyChains(stores: RecordStores): Promise<Finding[]> {
  const projects = new Set([...(await stores.audit.projects()), ...(await projectsWithHeads(stores.artifacts.bucket))]);
  const findings: Finding[] = [];
  let events = 0;
  for (const project of [...projects].sort()) {
    const chain = new Chain(stores, project);
    await chain.verify();
    events += chain.events;
    findings.push(...chain.findings());
  }
  const bad = findings.some(({ state }) => state === 'problem');
  return bad ? findings : [ok('audit', `${events} events of ${projects.size} chains, each as recorded`), ...findings];
}

/** How long the head of an event is waited for that was recorded while the chain was read. */
const HEAD_LOOKS = 5;
const HEAD_PAUSE_MS = 500;

type Head = { readonly sequence: number; readonly digest?: string };

class Chain {
  readonly #stores: RecordStores;
  readonly #project: string;
  readonly #problems: Problems;
  readonly #walk = new ChainWalk();
  readonly #heads: AsyncGenerator<Head>;
  #head: Head | undefined;
  #lastHead = 0;
  events = 0;

  constructor(stores: RecordStores, project: string) {
    this.#stores = stores;
    this.#project = project;
    this.#problems = new Problems(`audit ${project}`);
    this.#heads = headsOf(stores.artifacts.bucket, project);
  }

  async verify(): Promise<void> {
    await this.#nextHead();
    await this.#walkOn();
    while (this.#head !== undefined) await this.#nextHead();
    // Events that came while this was reading are walked too; an end that no event reaches stays one.
    let end = await this.#stores.audit.end(this.#project);
    for (let looks = 0; looks < 5 && (end?.sequence ?? 0) !== this.#walk.sequence; looks += 1) {
      await this.#walkOn();
      end = await this.#stores.audit.end(this.#project);
    }
    await this.#awaitLastHead();
    const last = this.#walk.sequence;
    if (this.#lastHead > last) {
      this.#add(
        `events up to number ${this.#lastHead} were recorded, and MongoDB ends at ${last}: events were deleted`
      );
    }
    if ((end?.sequence ?? 0) !== last || (end !== null && end.digest !== this.#walk.digest)) {
      this.#add(`the chain's end in MongoDB is number ${end?.sequence ?? 0}, and its last event is number ${last}`);
    }
  }

  /** A head is written right after its event, so the last events' may have come after the heads were listed. */
  async #awaitLastHead(): Promise<void> {
    const { sequence, digest } = this.#walk;
    for (let looks = 0; looks < HEAD_LOOKS && this.#lastHead < sequence; looks += 1) {
      if (looks > 0) await sleep(HEAD_PAUSE_MS);
      const head = await headAt(this.#stores.artifacts.bucket, this.#project, sequence);
      if (head === undefined) continue;
      this.#lastHead = sequence;
      if (head.digest !== digest) this.#addRewritten(`event number ${sequence}`);
    }
  }

  async #walkOn(): Promise<void> {
    for await (const batch of batches(this.#stores.audit.events(this.#project, this.#walk.sequence))) {
      for (const event of batch) await this.#follow(event);
      await this.#checkRecords(batch);
      await this.#checkClosings(batch);
      await this.#checkRollouts(batch);
    }
  }

  findings(): Finding[] {
    const about = `audit ${this.#project}`;
    const ahead = this.#walk.sequence - this.#lastHead;
    const fix = 'The head of the next event covers them. If this stays, look whether workers reach the object store.';
    const note = ahead > 0 ? [warning(about, `its last ${ahead} events are ahead of the last head`, fix)] : [];
    return [...this.#problems.findings(), ...note];
  }

  async #follow(event: AuditEvent): Promise<void> {
    this.events += 1;
    const wrong = this.#walk.next(event);
    if (wrong !== undefined) this.#add(wrong);
    while (this.#head !== undefined && this.#head.sequence <= event.sequence) {
      if (this.#head.sequence === event.sequence && this.#head.digest !== event.digest) {
        this.#addRewritten(`event ${event._id}`);
      }
      await this.#nextHead();
    }
  }

  async #nextHead(): Promise<void> {
    this.#lastHead = this.#head?.sequence ?? 0;
    const next = await this.#heads.next();
    this.#head = next.done === true ? undefined : next.value;
  }

  /** What was written with an event is there, and has that digest. */
  async #checkRecords(events: readonly AuditEvent[]): Promise<void> {
    for (const kind of FACT_KINDS) {
      const named = events.flatMap(({ record }) => (record?.kind === kind ? [record] : []));
      const found = await this.#stores.facts.some<FactKind>(
        kind,
        named.map(({ id }) => id),
        ['record']
      );
      for (const { id, digest } of named) {
        const there = found.get(id);
        if (there === undefined) this.#add(`${kind} ${id} was recorded and is gone`);
        else if (there.record !== digest) this.#add(`${kind} ${id} is another one than was recorded`);
      }
    }
  }

  async #checkClosings(events: readonly AuditEvent[]): Promise<void> {
    const named = events.filter(({ _id }) => _id.startsWith('request ') || _id.startsWith('closed '));
    const idOf = ({ detail }: AuditEvent): string => String(detail.request);
    const found = new Map((await findRequests(this.#stores, named.map(idOf))).map((each) => [each._id, each.state]));
    for (const event of named) {
      const state = found.get(idOf(event));
      if (state === undefined) this.#add(`request ${idOf(event)} was recorded and is gone`);
      else if (event._id.startsWith('closed ') && event.what !== `request ${state}`)
        this.#add(`request ${idOf(event)} is ${state}, and the audit says: ${event.what}`);
    }
  }

  async #checkRollouts(events: readonly AuditEvent[]): Promise<void> {
    const named = events.filter(({ _id }) => _id.startsWith('rollout '));
    const idOf = ({ _id }: AuditEvent): string => _id.slice('rollout '.length);
    const found = new Map((await findRollouts(this.#stores, named.map(idOf))).map((each) => [each._id, each]));
    for (const event of named) {
      const rollout = found.get(idOf(event));
      if (rollout === undefined) {
        this.#add(`rollout ${idOf(event)} was recorded and is gone`);
        continue;
      }
      const { kind, outcome, version, served } = rollout;
      const { version: recorded, model } = event.detail;
      if (event.what !== `${kind} ${outcome}` || recorded !== version.id || model !== served.model)
        this.#add(`rollout ${idOf(event)} is another one than was recorded: ${event.what} of ${String(recorded)}`);
    }
  }

  #addRewritten(event: string): void {
    this.#add(`${event} is another one than its head in the object store names: the chain was rewritten`);
  }

  #add(what: string): void {
    this.#problems.add(`audit ${this.#project}`, what, RESTORE);
  }
}

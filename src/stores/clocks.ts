/**
 * The endpoint's event clock: the highest event time that any of its replicas has shipped. It outlives them, so that a new
 * one knows what is a leap. It only advances, but for the higher epoch that begins each time a person sets it.
 */
import type { ClientSession } from 'mongodb';
import type { ClockDocument } from './mutable-records';
import type { Stores } from './connect';
import type { NewAuditEvent } from './audit';
import type { EndpointClock } from '../domain/endpoint';
import { collection, inTransaction, type Store } from './mongo';

export interface ClockReading {
  readonly epoch: number;
  readonly highest: Date;
}

export function findClock(store: Store, endpoint: string): Promise<ClockDocument | null> {
  return collection(store, 'clocks').findOne({ _id: endpoint });
}

/** What the endpoint's clock shows: what its replicas kept, or what a person has set since. Undefined before there is either. */
export function shownClock(set: EndpointClock | undefined, kept: ClockReading | null): ClockReading | undefined {
  if (set !== undefined && set.epoch > (kept?.epoch ?? 0)) return { epoch: set.epoch, highest: new Date(set.at) };
  return kept ?? undefined;
}

/** It needs no live replica. */
export async function readClock(
  store: Store,
  endpoint: string,
  session?: ClientSession
): Promise<ClockReading | undefined> {
  const within = session === undefined ? {} : { session };
  const document = await collection(store, 'endpoints').findOne(
    { _id: endpoint },
    { projection: { clock: 1 }, ...within }
  );
  return shownClock(document?.clock, await collection(store, 'clocks').findOne({ _id: endpoint }, within));
}

/**
 * What is a leap for a replica that has seen no event time yet: beyond what the endpoint's clock shows, or, where there
 * is none, beyond what the served version's training knew. Null where nothing is served.
 */
export async function startingClock(store: Store, endpoint: string): Promise<ClockReading | null> {
  const clock = await findClock(store, endpoint);
  if (clock !== null) return clock;
  const document = await collection(store, 'endpoints').findOne(
    { _id: endpoint },
    { projection: { watch: 1, clock: 1 } }
  );
  if (document === null) return null;
  return { epoch: document.clock?.epoch ?? 0, highest: new Date(document.watch.knownBy) };
}

/** What the clock shows then: this reading, or a later one, or one of a later epoch. */
export async function advanceClock(
  store: Store,
  endpoint: string,
  { epoch, highest }: ClockReading
): Promise<ClockReading> {
  const later = { $cond: [{ $lt: ['$epoch', epoch] }, highest, { $max: ['$highest', highest] }] };
  const after = await collection(store, 'clocks').findOneAndUpdate(
    { _id: endpoint },
    [
      {
        $set: {
          v: 1,
          highest: { $cond: [{ $gt: ['$epoch', epoch] }, '$highest', later] },
          epoch: { $max: ['$epoch', epoch] },
        },
      },
    ],
    { upsert: true, returnDocument: 'after' }
  );
  return after ?? { epoch, highest };
}

/**
 * Sets the clock of the endpoint's document, with the event in the audit: replicas take it from there. The new epoch, or
 * that of the first time for an event that is there; undefined where there is no such endpoint.
 */
export async function setEndpointClock(
  stores: Stores,
  endpoint: string,
  at: string,
  event: NewAuditEvent
): Promise<number | undefined> {
  return inTransaction(stores, async (session) => {
    const endpoints = collection(stores, 'endpoints');
    const current = await endpoints.findOne({ _id: endpoint }, { session });
    if (current === null) return undefined;
    const epoch = current.clock?.epoch ?? 0;
    if ((await collection(stores, 'audit').findOne({ _id: event.id }, { session })) !== null) return epoch;
    await endpoints.updateOne({ _id: endpoint }, { $set: { clock: { epoch: epoch + 1, at } } }, { session });
    await stores.audit.append({ ...event, detail: { ...event.detail, epoch: epoch + 1 } }, session);
    return epoch + 1;
  });
}

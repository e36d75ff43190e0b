/** Approval requests: opened once, closed once, each change by compare-and-set on its revision. */
import type { ClientSession } from 'mongodb';
import { type ApprovalRequest, closedBy, stateAfter } from '../domain/approval';
import type { RequestState } from '../domain/messages';
import type { AuditEvent } from '../domain/audit-event';
import type { Digest } from '../domain/refs';
import { digestOf } from '../runtime/digest';
import type { Stores } from './connect';
import { acceptedOn } from './decisions';
import { collection, inTransaction, type Store } from './mongo';

export async function findRequest(store: Store, id: string, session?: ClientSession): Promise<ApprovalRequest | null> {
  return collection(store, 'requests').findOne({ _id: id }, session === undefined ? {} : { session });
}

const CHANGED_BY_CLOSING: readonly string[] = ['revision', 'state', 'closedAt', 'closedBecause'];

/** The request as it was opened, for the audit: all of it but what its closing changes. */
export function requestRecord(request: ApprovalRequest): NonNullable<AuditEvent['record']> {
  const opened = Object.entries(request).filter(([field]) => !CHANGED_BY_CLOSING.includes(field));
  return { kind: 'request', id: request._id, digest: digestOf(Object.fromEntries(opened)) };
}

export async function requestStates(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, RequestState>> {
  const found = collection(store, 'requests').find({ _id: { $in: [...ids] } }, { projection: { state: 1 } });
  const states = new Map<string, RequestState>();
  for await (const { _id, state } of found) states.set(_id, state);
  return states;
}

/** These requests, as far as they are there. */
export async function findRequests(store: Store, ids: readonly string[]): Promise<ApprovalRequest[]> {
  return ids.length === 0
    ? []
    : collection(store, 'requests')
        .find({ _id: { $in: [...ids] } })
        .toArray();
}

export function allRequests(store: Store): AsyncIterable<ApprovalRequest> {
  return collection(store, 'requests').find().sort({ _id: 1 });
}

/** The newest request on the same question that people decided. */
export async function decidedOn(
  store: Store,
  project: string,
  comparisonDigest: Digest,
  exceptId?: string
): Promise<ApprovalRequest | null> {
  const others = exceptId === undefined ? {} : { _id: { $ne: exceptId } };
  return collection(store, 'requests')
    .find({ project, comparisonDigest, ...others, state: { $in: ['approved', 'rejected'] } })
    .sort({ openedAt: -1 })
    .limit(1)
    .next();
}

/** Written once: a later attempt gets the request that is there. */
export async function openOnce(store: Store, request: ApprovalRequest): Promise<ApprovalRequest> {
  const kept = await collection(store, 'requests').findOneAndUpdate(
    { _id: request._id },
    { $setOnInsert: request },
    { upsert: true, returnDocument: 'after' }
  );
  return kept ?? request;
}

/** Raises the revision, so that the decision in the same transaction meets no other change of the request. */
export async function touchRequest(store: Store, id: string, session: ClientSession): Promise<void> {
  await collection(store, 'requests').updateOne({ _id: id }, { $inc: { revision: 1 } }, { session });
}

export interface Closed {
  readonly state: RequestState;
  readonly because: string;
}

/**
 * Closes the request where something closes it, and answers how it stands. Decisions that fill its policy come first,
 * then the lifecycle's word, then the deadline.
 * @param now milliseconds by the server's clock
 * @param superseded why, where the project's lifecycle has ended it
 */
export async function settleRequest(
  stores: Stores,
  id: string,
  { now, superseded }: { readonly now: number; readonly superseded?: string }
): Promise<Closed> {
  return inTransaction(stores, async (session) => {
    const request = await findRequest(stores, id, session);
    if (request === null) return { state: 'unknown', because: 'it was never opened' };
    if (request.state !== 'open') return { state: request.state, because: request.closedBecause ?? '' };
    const accepted = await acceptedOn(stores, id, session);
    const decided = stateAfter(request.policy, accepted);
    const closed: Closed =
      decided !== 'open'
        ? { state: decided, because: closedBy(decided, accepted) }
        : superseded !== undefined
          ? { state: 'superseded', because: superseded }
          : now >= Date.parse(request.deadlineAt)
            ? { state: 'expired', because: `no decision within ${request.policy.deadline.wall}` }
            : { state: 'open', because: '' };
    if (closed.state !== 'open') await closeWithin(stores, request, closed, new Date(now).toISOString(), session);
    return closed;
  });
}

/** In the transaction that found out why. @param closedAt by the clock of Temporal's server, as all times of a request */
export async function closeWithin(
  stores: Stores,
  request: Pick<ApprovalRequest, '_id' | 'project'>,
  { state, because }: Closed,
  closedAt: string,
  session: ClientSession
): Promise<void> {
  await collection(stores, 'requests').updateOne(
    { _id: request._id, state: 'open' },
    { $set: { state, closedBecause: because, closedAt }, $inc: { revision: 1 } },
    { session }
  );
  await stores.audit.append(
    {
      id: `closed ${request._id}`,
      project: request.project,
      what: `request ${state}`,
      by: 'temporal-mlops',
      detail: { request: request._id, because },
    },
    session
  );
}

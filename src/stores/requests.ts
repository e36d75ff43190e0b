/** Approval requests: opened once, closed once. */
import type { ApprovalRequest } from '../domain/approval';
import type { RequestState } from '../domain/messages';
import { collection, type Store } from './mongo';

export async function findRequest(store: Store, id: string): Promise<ApprovalRequest | null> {
  return collection(store, 'requests').findOne({ _id: id });
}

export async function requestStates(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, RequestState>> {
  const found = collection(store, 'requests').find({ _id: { $in: [...ids] } }, { projection: { state: 1 } });
  const states = new Map<string, RequestState>();
  for await (const { _id, state } of found) states.set(_id, state);
  return states;
}

export function allRequests(store: Store): AsyncIterable<ApprovalRequest> {
  return collection(store, 'requests').find().sort({ _id: 1 });
}

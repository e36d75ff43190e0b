/** Endpoints' documents, as they are read; rollouts.ts has all that writes them. */
import type { EndpointDocument } from '../domain/endpoint';
import { collection, type Store } from './mongo';

/** @param id the endpoint's name, which is the project's */
export async function findEndpoint(store: Store, id: string): Promise<EndpointDocument | null> {
  return collection(store, 'endpoints').findOne({ _id: id });
}

/** By name. */
export function allEndpoints(store: Store): AsyncIterable<EndpointDocument> {
  return collection(store, 'endpoints').find().sort({ _id: 1 });
}

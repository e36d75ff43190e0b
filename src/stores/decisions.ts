/** Decisions: facts, one of each person on a request. */
import type { DecisionBody } from '../domain/records';
import { facts, type Store } from './mongo';

/** What was decided on a request, in the order of being recorded. */
export async function decisionsOn(store: Store, request: string): Promise<{ _id: string; body: DecisionBody }[]> {
  return facts(store, 'decision')
    .find({ 'body.request': request } as never)
    .sort({ 'made.at': 1 })
    .toArray();
}

/** Decisions: facts, one of each person on a request. */
import type { ClientSession } from 'mongodb';
import type { AcceptedDecision } from '../domain/approval';
import type { DecisionBody } from '../domain/records';
import { beginningWith, facts, type Store } from './mongo';
import { ofProject } from '../domain/ids';

/** Decisions on a project's requests. */
export async function decisionsOfProject(
  store: Store,
  project: string
): Promise<{ _id: string; body: DecisionBody }[]> {
  return facts(store, 'decision')
    .find({ 'body.request': beginningWith(ofProject(project)) } as never)
    .sort({ 'body.request': 1, 'made.at': 1 })
    .toArray();
}

/** What was decided on a request, in the order of being recorded. */
export async function decisionsOn(
  store: Store,
  request: string,
  session?: ClientSession
): Promise<{ _id: string; body: DecisionBody }[]> {
  return facts(store, 'decision')
    .find({ 'body.request': request } as never, session === undefined ? {} : { session })
    .sort({ 'made.at': 1, _id: 1 })
    .toArray();
}

/** The same, as it counts. */
export async function acceptedOn(store: Store, request: string, session?: ClientSession): Promise<AcceptedDecision[]> {
  const decided = await decisionsOn(store, request, session);
  return decided.map(({ body: { id, by, verdict } }) => ({ id, by, verdict }));
}

/** A study's trials: facts by their numbers. */
import { ofCycle, trialId } from '../domain/ids';
import type { Fact } from '../domain/records';
import { beginningWith, factHeads, facts, type Store } from './mongo';

/** Trials 1 to `last`, as far as they are on record, in the order of their numbers. */
export async function trialsUpTo(store: Store, study: string, last: number): Promise<Fact<'trial'>[]> {
  const ids = Array.from({ length: last }, (_, at) => trialId(study, at + 1));
  return facts(store, 'trial')
    .find({ _id: { $in: ids } })
    .sort({ 'body.number': 1 })
    .toArray();
}

/** Ids of all trials of a cycle, of each attempt. */
export async function trialsOfCycle(store: Store, cycleId: string): Promise<string[]> {
  const found = await factHeads(store, 'trial')
    .find({ _id: beginningWith(ofCycle(cycleId)) }, { projection: { _id: 1 } })
    .toArray();
  return found.map(({ _id }) => _id);
}

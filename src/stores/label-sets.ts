/** Label sets: facts of a snapshot. */
import type { Fact } from '../domain/records';
import { facts, type Store } from './mongo';

/** The newest that was made of the snapshot. */
export async function newestLabels(store: Store, snapshot: string): Promise<Fact<'labelSet'> | null> {
  return facts(store, 'labelSet').findOne({ 'body.snapshot.id': snapshot } as never, { sort: { 'made.at': -1 } });
}

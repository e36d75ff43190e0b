/** Pages of snapshots: facts that are made of a record alone. */
import type { Fact } from '../domain/records';
import { facts, type Store } from './mongo';

/** The newest that was made of the snapshot. */
export async function newestReport(store: Store, snapshot: string): Promise<Fact<'report'> | null> {
  return facts(store, 'report').findOne({ 'body.snapshot.id': snapshot } as never, { sort: { 'made.at': -1 } });
}

/** Of these snapshots: ids of their pages, each with its snapshot's. */
export async function reportsOf(
  store: Store,
  snapshots: readonly string[]
): Promise<{ readonly id: string; readonly snapshot: string }[]> {
  const found = facts(store, 'report').find({ 'body.snapshot.id': { $in: [...snapshots] } } as never, {
    projection: { 'body.snapshot.id': 1 },
  });
  return (await found.toArray()).map(({ _id, body }) => ({ id: _id, snapshot: body.snapshot.id }));
}

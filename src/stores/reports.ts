/** Pages of records: facts that are made of records alone. */
import type { Fact } from '../domain/records';
import { facts, type Store } from './mongo';

/** The newest that was made of the snapshot or evaluation of this id; of an evaluation, that names the version. */
export async function newestReport(store: Store, of: string, version?: string): Promise<Fact<'report'> | null> {
  const filter = { 'body.of.id': of, ...(version === undefined ? {} : { 'body.version.id': version }) };
  return facts(store, 'report').findOne(filter as never, { sort: { 'made.at': -1 } });
}

/** Ids of the pages of these records, each with its record's. */
export async function reportsOf(
  store: Store,
  records: readonly string[]
): Promise<{ readonly id: string; readonly of: string }[]> {
  const found = facts(store, 'report').find({ 'body.of.id': { $in: [...records] } } as never, {
    projection: { 'body.of.id': 1 },
  });
  return (await found.toArray()).map(({ _id, body }) => ({ id: _id, of: body.of.id }));
}

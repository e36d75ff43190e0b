/** Evaluations: facts of a run on test rows. */
import type { Fact } from '../domain/records';
import { anyTime, type RowFilter } from '../domain/split';
import { digestOf } from '../runtime/digest';
import { facts, type Store } from './mongo';

/** As of whatever moment the rows were known. */
export async function evaluationOf(store: Store, run: string, test: RowFilter): Promise<Fact<'evaluation'> | null> {
  const asked = digestOf(anyTime(test));
  const found = await facts(store, 'evaluation')
    .find({ 'body.run.id': run } as never, { projection: { 'body.test': 1 } })
    .toArray();
  const id = found.find(({ body }) => digestOf(anyTime(body.test)) === asked)?._id;
  return id === undefined ? null : facts(store, 'evaluation').findOne({ _id: id });
}

/** Evaluations: facts of a run on a test period. */
import type { Fact } from '../domain/records';
import type { TimeRange } from '../domain/period';
import { facts, type Store } from './mongo';

export async function evaluationOf(store: Store, run: string, period: TimeRange): Promise<Fact<'evaluation'> | null> {
  return facts(store, 'evaluation').findOne({
    'body.run.id': run,
    'body.period.from': period.from,
    'body.period.to': period.to,
  } as never);
}

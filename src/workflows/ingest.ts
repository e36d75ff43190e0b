import type { IngestInput } from '../domain/phases';
import type { Ref } from '../domain/refs';
import { compute, untilPickedUp, waiting } from './activities';
import { show } from './visible';

/** Observes what the source holds up to asOf, then takes what is new as one ingest batch: a snapshot's ref. */
export async function ingest(input: IngestInput): Promise<Ref<'snapshot'>> {
  const { definition, plan, asOf, parent } = input;
  const visible = {
    phase: 'ingest',
    waitingFor: [],
    details: `Takes the rows of **${plan.source}** that are known by ${asOf}${parent === undefined ? '' : ', and were not yet'}.`,
  };
  show(input, visible);
  const observation = await waiting(plan).mlopsObserve({ definition, asOf });
  const work = compute(plan).mlopsIngest({
    definition,
    observation,
    ...(parent === undefined ? {} : { parent }),
  });
  return untilPickedUp(input, visible, work);
}

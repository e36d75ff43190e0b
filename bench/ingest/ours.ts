/** Our side: the product's own activities on the stack's servers. */
import { ingestActivities } from '../../src/activities/ingest';
import type { Limits } from '../../src/activities/limits';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Ref } from '../../src/domain/refs';
import { openActivities } from '../own-activities';
import type { Cost } from './peers';

export interface OurIngest extends Cost {
  readonly rows: number;
  readonly snapshot: Ref<'snapshot'>;
}

export interface Ours {
  /** @param asOf ISO-8601, another one each time: an ingest that was done before is not done again */
  ingest(definition: ProjectDefinition, asOf: string, parent?: Ref<'snapshot'>): Promise<OurIngest>;
  close(): Promise<void>;
}

export async function openOurs(folder: string, given: Partial<Limits> = {}): Promise<Ours> {
  const { deps, stores, run, recorded, close } = await openActivities(folder, given);
  const activities = ingestActivities(deps);
  return {
    async ingest(project, asOf, parent) {
      const definition = await recorded(project);
      const [cpu, at] = [process.cpuUsage(), performance.now()];
      const observation = await run(() => activities.mlopsObserve({ definition, asOf }));
      const snapshot = await run(() =>
        activities.mlopsIngest({ definition, observation, ...(parent === undefined ? {} : { parent }) })
      );
      const seconds = (performance.now() - at) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const { made, body } = await stores.facts.get(snapshot);
      const { cpuSeconds, peakBytes } = made.cost!;
      return { snapshot, rows: body.rows, seconds, cpuSeconds: cpuSeconds + (user + system) / 1e6, peakBytes };
    },
    close,
  };
}

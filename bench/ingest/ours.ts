/** Our side: the product's own activities on the stack's servers, in a database and bucket of the benchmark's own. */
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { MockActivityEnvironment } from '@temporalio/testing';
import { join } from 'node:path';
import type { ActivityDeps } from '../../src/activities/deps';
import { ingestActivities } from '../../src/activities/ingest';
import { defaultLimits, type Limits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import type { ProjectDefinition } from '../../src/domain/definition';
import type { Ref } from '../../src/domain/refs';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { factDigest } from '../../src/stores/fact-digest';
import { computePool } from '../../src/worker/compute/pool';
import { dropOwnStores, ownEnvironment } from '../steps/own-stores';
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

/** Empty stores: what is there already would not be put again. */
export async function openOurs(folder: string, given: Partial<Limits> = {}): Promise<Ours> {
  await dropOwnStores();
  const stores = await connectStores(storeConfig(ownEnvironment()));
  const limits = { ...defaultLimits(), ...given };
  const pool = computePool(limits);
  const deps: ActivityDeps = {
    stores: async () => stores,
    runJob: pool.runJob,
    registered: nothingRegistered,
    limits,
    retention: DEFAULT_RETENTION,
    searchAttributes: false,
    connections: {},
    ownServers: () => [],
    dataFolder: folder,
    workFolder: join(folder, 'ours'),
  };
  const activities = ingestActivities(deps);
  const run = <T>(activity: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(activity);

  async function recorded(definition: ProjectDefinition): Promise<Ref<'definition'>> {
    const body = { definition, appliedBy: 'bench' };
    const digest = factDigest('definition', { body, artifacts: [] });
    const { fact } = await stores.facts.commit({
      ...{ _id: digest, kind: 'definition', digest, inputs: [], artifacts: [], body },
    });
    return { kind: 'definition', id: fact._id, digest };
  }

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
    async close() {
      pool.close();
      await stores.close();
      await dropOwnStores();
    },
  };
}

/** What the product's own activities need to run in a benchmark: the stack's servers, with a database and bucket of the benchmark's own. */
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ActivityDeps } from '../src/activities/deps';
import { defaultLimits, type Limits } from '../src/activities/limits';
import { nothingRegistered } from '../src/activities/registered/user-code';
import type { ProjectDefinition } from '../src/domain/definition';
import { DEFAULT_RETENTION } from '../src/domain/housekeeping';
import type { Ref } from '../src/domain/refs';
import { storeConfig } from '../src/stores/config';
import { connectStores, type Stores } from '../src/stores/connect';
import { factDigest } from '../src/stores/fact-digest';
import { computePool } from '../src/worker/compute/pool';
import { dropOwnStores, ownEnvironment } from './steps/own-stores';

export interface OwnActivities {
  readonly deps: ActivityDeps;
  readonly stores: Stores;
  readonly run: <T>(activity: () => Promise<T>) => Promise<T>;
  readonly recorded: (definition: ProjectDefinition) => Promise<Ref<'definition'>>;
  readonly close: () => Promise<void>;
}

/** Empty stores: what is there already would not be put again. */
export async function openActivities(folder: string, given: Partial<Limits> = {}): Promise<OwnActivities> {
  await dropOwnStores();
  const stores = await connectStores(storeConfig(ownEnvironment()));
  const limits = { ...defaultLimits(), ...given };
  const pool = computePool(limits);
  return {
    stores,
    deps: {
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
    },
    run: (activity) => new MockActivityEnvironment().run(activity),
    async recorded(definition) {
      const body = { definition, appliedBy: 'bench' };
      const digest = factDigest('definition', { body, artifacts: [] });
      const { fact } = await stores.facts.commit({
        ...{ _id: digest, kind: 'definition', digest, inputs: [], artifacts: [], body },
      });
      return { kind: 'definition', id: fact._id, digest };
    },
    async close() {
      pool.close();
      await stores.close();
      await dropOwnStores();
    },
  };
}

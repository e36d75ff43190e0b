/** Stores of a test's own: a database that is dropped afterwards, and versions to serve. */
import { randomBytes } from 'node:crypto';
import { digestOf } from '../../src/runtime/digest';
import type { ServedVersion } from '../../src/domain/endpoint';
import type { Ref } from '../../src/domain/refs';
import { storeConfig } from '../../src/stores/config';
import { advanceClock } from '../../src/stores/clocks';
import { connectStores, type Stores } from '../../src/stores/connect';
import { raw } from '../support/raw-records';

export async function ownStores(name: string): Promise<Stores> {
  return connectStores({ ...storeConfig(), database: `test-${name}-${randomBytes(4).toString('hex')}` });
}

export async function dropStores(stores: Stores): Promise<void> {
  await raw(stores).db.dropDatabase();
  await stores.close();
}

export function versionRef(project: string, number: number): Ref<'version'> {
  return { kind: 'version', id: `${project}/${number}`, digest: digestOf({ project, number }) };
}

export function served(project: string, number: number): ServedVersion {
  return {
    version: `${project}/${number}`,
    number,
    model: digestOf(`model ${number}`),
    bytes: 1000,
    inputs: [{ name: 'distance', datatype: 'FP64' }],
    task: { kind: 'binary', decisionThreshold: 0.5 },
  };
}

/** As a replica reports, by MongoDB's clock. `silentFor` makes it one that reported that long ago. */
export async function report(
  stores: Stores,
  endpoint: string,
  replica: string,
  seen: {
    readonly revision: number;
    readonly shippedTo?: string;
    readonly clockEpoch?: number;
    readonly counts?: Record<string, { requests: number; errors: number }>;
    readonly silentForMs?: number;
    readonly error?: string;
  }
): Promise<void> {
  // As a replica does, before it says so: nothing is judged ahead of the endpoint's clock.
  if (seen.shippedTo !== undefined)
    await advanceClock(stores, endpoint, { epoch: seen.clockEpoch ?? 0, highest: new Date(seen.shippedTo) });
  await raw(stores).replicas.updateOne(
    { _id: `${endpoint}/${replica}` },
    [
      {
        $set: {
          v: 1,
          endpoint,
          replica,
          address: 'http://127.0.0.1:1',
          revision: seen.revision,
          clockEpoch: seen.clockEpoch ?? 0,
          counts: { $literal: seen.counts ?? {} },
          startedAt: '$$NOW',
          reportedAt: { $subtract: ['$$NOW', seen.silentForMs ?? 0] },
          ...(seen.error === undefined ? {} : { error: { $literal: seen.error } }),
          ...(seen.shippedTo === undefined ? {} : { shippedTo: new Date(seen.shippedTo) }),
        },
      },
    ],
    { upsert: true }
  );
}

/** A replica of a test's endpoint, in this process. */
import { join } from 'node:path';
import { type Replica, runReplica } from '../../src/replica/run-replica';
import { storeConfig } from '../../src/stores/config';
import type { TestSystem } from './system';

export async function startReplica(system: TestSystem, project: string, name = 'one'): Promise<Replica> {
  return runReplica({
    endpoint: project,
    replica: name,
    folder: join(system.folder, `replica-${name}`),
    stores: storeConfig(system.env),
    signal: (workflowId, signal, payload) => system.client.signal(workflowId, signal, payload),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    release: 'test',
  });
}

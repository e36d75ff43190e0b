/** examples/own-worker, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { phaseId } from '../../src/domain/ids';
import type { IngestResult } from '../../src/domain/phases';
import { packageRoot } from '../../src/runtime/package-root';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { registeredDefinition } from '../support/registered-definition';

let system: TestSystem;
let worker: ChildProcess;
let data: string;

beforeAll(async () => {
  system = await openSystem('own-worker');
  // Within the worker's data folder, which is its working directory.
  data = await mkdtemp(join(packageRoot(), '.stack', 'own-worker-'));
  worker = spawn(process.execPath, ['--import', 'tsx', join(packageRoot(), 'examples', 'own-worker', 'worker.ts')], {
    cwd: packageRoot(),
    env: { ...process.env, ...system.env },
    stdio: 'ignore',
  });
  await system.client.requireWorker(240_000);
});

afterAll(async () => {
  if (worker.exitCode === null) {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await system.close();
  await rm(data, { recursive: true, force: true });
});

test('a worker of one’s own runs its workflow and answers for ours', async () => {
  const greeted = await system.client.temporal.workflow.execute('greet', {
    workflowId: `${system.name}-greet`,
    taskQueue: system.taskQueue,
    args: ['Ada'],
  });
  expect(greeted).toBe('Hello, Ada');
  const answer = await system.client.decide('own-worker/1', {
    id: 'first',
    by: 'ana',
    verdict: 'approve',
    digest: `sha256:${'0'.repeat(64)}`,
  });
  expect(answer).toMatchObject({ outcome: 'refused', code: 'unknown-request' });
});

test('it has the compute worker beside it, which takes real rows', async () => {
  expect((await system.client.computePollers()).activities).toBeGreaterThan(0);
  const definition = smallProject(`own-${randomUUID().slice(0, 8)}`, await writeSmallFlights(data));
  const cycle = `solo-${randomUUID()}` as const;
  const { snapshot } = (await system.client.temporal.workflow.execute('ingest', {
    workflowId: phaseId(definition.name, cycle, 'ingest'),
    taskQueue: system.taskQueue,
    args: [
      {
        v: 1,
        project: definition.name,
        cycle,
        ...(await registeredDefinition(system.stores, definition)),
        searchAttributes: true,
        asOf: '2001-02-01T00:00:00Z',
      },
    ],
  })) as IngestResult;
  const { body } = await system.stores.facts.get(snapshot);
  expect(body.rows).toBeGreaterThan(4_000);
  expect(await system.stores.artifacts.hasObject(body.shards[0]!.digest)).toBe(true);
});

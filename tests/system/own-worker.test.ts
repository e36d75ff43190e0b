/** examples/own-worker, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let worker: ChildProcess;

beforeAll(async () => {
  system = await openSystem('own-worker');
  worker = spawn(process.execPath, ['--import', 'tsx', join(packageRoot(), 'examples', 'own-worker', 'worker.ts')], {
    cwd: packageRoot(),
    env: { ...process.env, ...system.env },
    stdio: 'ignore',
  });
  await system.client.requireWorker(60_000);
}, 90_000);

afterAll(async () => {
  if (worker.exitCode === null) {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await system.close();
}, 120_000);

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

test('it has the compute worker beside it', async () => {
  expect((await system.client.computePollers()).activities).toBeGreaterThan(0);
});

/** Crashes of a compute process under a living worker: two are tried again, the third alike goes to a person. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { defaultLimits } from '../../../src/activities/limits';
import type { NotifyInput } from '../../../src/activities/registered/jobs/notify';
import { runWithHeartbeat } from '../../../src/activities/step/compute-job';
import type { RegisteredDescription } from '../../../src/project/registry';
import { computePool } from '../../../src/worker/compute/pool';
import { readModules } from '../../../src/worker/registered-modules';
import { type OwnStores, openOwnStores } from '../../support/own-stores';

let system: OwnStores;
let crash: (activityId: string, signal: string) => Promise<unknown>;

beforeAll(async () => {
  system = await openOwnStores('crashes');
  const module = join(system.folder, 'crashes.cjs');
  writeFileSync(
    module,
    `const notify = (notice, { signal }) => {
       console.error('about to get ' + signal);
       process.kill(process.pid, signal);
       return new Promise(() => {});
     };
     module.exports.default = { notifiers: { it: { version: '1', notify } } };\n`
  );
  const { runJob } = computePool(defaultLimits());
  const [code] = (await readModules([module], runJob, system.folder).describe()) as [RegisteredDescription];
  const deps = { ...system.deps, runJob };
  // A new environment for each attempt, as in a worker that was started again.
  crash = (activityId, signal) =>
    new MockActivityEnvironment({ activityId }).run(async () => {
      const input = { use: { modules: [module], params: { signal }, ...code }, notice: {} as never };
      const folder = mkdtempSync(join(system.folder, 'attempt-'));
      return runWithHeartbeat<NotifyInput, null>(deps, 'notifyCode', input, { folder }).catch(
        (error: unknown) => error
      );
    });
});
afterAll(() => system.close());

const RETRIED = { code: 'MLOPS_COMPUTE_CRASHED', handling: 'retry' };

test('the third alike is not tried again, and quotes what the process printed', async () => {
  expect(await crash('a', 'SIGSEGV')).toMatchObject(RETRIED);
  expect(await crash('a', 'SIGBUS')).toMatchObject(RETRIED);
  expect(await crash('a', 'SIGSEGV')).toMatchObject(RETRIED);
  expect(await crash('b', 'SIGSEGV')).toMatchObject(RETRIED);
  expect(await crash('a', 'SIGSEGV')).toMatchObject({
    type: 'MLOPS_COMPUTE_CRASHED',
    nonRetryable: true,
    message: expect.stringMatching(/SIGSEGV.*about to get SIGSEGV.*3 times/s) as unknown,
  });
});

test('a process that is ended along with others is no crash of its own', async () => {
  for (let time = 0; time < 4; time += 1) expect(await crash('c', 'SIGTERM')).toMatchObject(RETRIED);
});

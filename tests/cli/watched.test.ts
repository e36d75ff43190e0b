/** What the command says of a served version's monitor, windows, event clock and truths kept aside. A story: each test goes on from the one before. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { lifecycleId, monitorId } from '../../src/domain/ids';
import { advanceClock } from '../../src/stores/clocks';
import { recordWriter } from '../../src/stores/predictions';
import { WATCH } from '../replica/test-endpoint';
import { served } from '../stores/served';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { smallProject } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { registerWatched, serveWeek, watchedFlights } from '../workflows/served-flights';
import { mlops, mlopsJson } from './mlops';

const PROJECT = `watched-${randomUUID().slice(0, 8)}`;
const WEEK = { from: '2001-02-01T00:00:00.000Z', to: '2001-02-08T00:00:00.000Z' };

interface Finding {
  readonly state: string;
  readonly about: string;
  readonly what: string;
  readonly fix?: string;
}

let system: TestSystem;
let worker: { stop(): Promise<void> };
beforeAll(async () => {
  system = await openSystem('watched');
  worker = await system.startWorker();
  // No file to ingest: the phase fails, and the lifecycle waits for its operator.
  const definition = smallProject(PROJECT, join(system.folder, 'none.parquet'));
  await system.client.start({ definition, asOf: WEEK.from, by: 'cem' });
  await eventually('the failed phase', async () => (await system.client.status(PROJECT)).failure);
  // A version that is served all the same, by a rollout that started no monitor.
  await registerWatched(system.stores, watchedFlights(PROJECT));
  const champion = served(PROJECT, 1);
  const endpoint = { _id: PROJECT, v: 1, project: PROJECT, revision: 1, watch: WATCH, champion };
  await raw(system.stores).endpoints.insertOne(endpoint as never);
  const alias = { _id: `${PROJECT}/champion`, v: 1, revision: 1, version: champion.version, number: 1 };
  await raw(system.stores).aliases.insertOne(alias as never);
});
afterAll(async () => {
  for (const workflow of [lifecycleId(PROJECT), monitorId(PROJECT)])
    await system.client.temporal.workflow
      .getHandle(workflow)
      .terminate()
      .catch(() => undefined);
  await system.close();
});

const run = (...args: string[]) => mlops(args, system.env);
const findings = async () => (await mlopsJson<{ findings: Finding[] }>(['doctor'], system.env)).findings;
const ofMonitors = async () =>
  (await findings()).filter(({ about }) => about === 'monitors' || about === `workflow ${monitorId(PROJECT)}`);

test('a version that is served without a monitor is reported by doctor and status, and its clock can’t be set', async () => {
  const [found, ...others] = await ofMonitors();
  expect([found, others]).toEqual([
    {
      state: 'problem',
      about: `workflow ${monitorId(PROJECT)}`,
      what: 'version 1 is served, and no monitor runs',
      fix: expect.stringMatching(`--workflow-id ${lifecycleId(PROJECT)} --name watermark$`) as unknown,
    },
    [],
  ]);
  expect((await run('status', PROJECT)).stdout).toMatch(/^monitor +missing: mlops doctor says what to do$/m);
  const set = await run('clock', PROJECT, '--set', '2001-02-04T00:00:00Z', '--by', 'ana');
  expect(set).toMatchObject({ code: 1, stdout: '' });
  expect(set.stderr).toMatch(
    /^mlops: MLOPS_UNKNOWN_PROJECT: No monitor of this project is running\. .*mlops status .*mlops doctor .*\n$/
  );
});

test('what doctor says to do starts the monitor', async () => {
  const [found] = await ofMonitors();
  const [, workflowId = '', signal = ''] = /--workflow-id (\S+) --name (\S+)$/.exec(found?.fix ?? '') ?? [];
  await system.client.signal(workflowId, signal, undefined);
  await eventually('the monitor', async () => {
    const monitor = system.client.temporal.workflow.getHandle(monitorId(PROJECT));
    return monitor.describe().then(
      () => true,
      () => undefined
    );
  });
  expect(await ofMonitors()).toEqual([{ state: 'ok', about: 'monitors', what: '1, none missing or overdue' }]);
  expect((await run('status', PROJECT)).stdout).toMatch(/^monitor +runs$/m);
});

test('clock: nothing is known of a project that serves nothing', async () => {
  const nobody = await run('clock', `nobody-${PROJECT}`);
  expect(nobody).toMatchObject({ code: 1, stdout: '' });
  expect(nobody.stderr).toMatch(/^mlops: MLOPS_UNKNOWN_PROJECT: .*mlops ls projects .*mlops serve .*\n$/);
});

test('clock --set is a person’s decision on record, and clock shows it', async () => {
  const future = await run('clock', PROJECT, '--set', '2901-02-04T00:00:00Z', '--by', 'ana');
  expect(future.code).toBe(1);
  expect(future.stderr).toMatch(/refused: .* is in the future\n$/);
  const set = await run('clock', PROJECT, '--set', '2001-02-04', '--by', 'ana', '--comment', 'a caller’s mistake');
  expect(set).toMatchObject({ code: 0, stderr: '' });
  expect(set.stdout).toContain(`${PROJECT}: the event clock stands at 2001-02-04T00:00:00Z`);
  const shown = await run('clock', PROJECT);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^event time +2001-02-04T00:00:00Z$/m);
  expect(shown.stdout).toMatch(/^set by a person +to 2001-02-04T00:00:00Z, time 1$/m);
  expect(shown.stdout).toMatch(new RegExp(`^waits for +a replica: none is live \\(mlops serve ${PROJECT}\\)$`, 'm'));
  const audit = (await system.stores.audit.list(PROJECT)).filter(({ what }) => what === 'event clock set');
  expect(audit).toMatchObject([{ by: 'ana', detail: { epoch: 1, comment: 'a caller’s mistake' } }]);
});

test('ls truths --unmatched lists what was kept aside, and why; the clock and the status count it', async () => {
  const none = await run('ls', 'truths', PROJECT, '--unmatched');
  expect(none).toMatchObject({ code: 0, stdout: 'no truth is kept aside\n' });
  const knownAt = new Date('2001-02-03T00:00:00Z');
  const truth = { v: 1, revision: 0, value: 1, knownAt, receivedAt: new Date() } as const;
  const writer = recordWriter(system.stores, PROJECT);
  await writer.insertTruths(['lost', 'gone'].map((prediction) => ({ ...truth, _id: `${prediction}#0`, prediction })));
  const listed = await run('ls', 'truths', PROJECT, '--unmatched');
  expect(listed.stdout.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^prediction +revision +value +known at +received +why$/),
    expect.stringMatching(/^(lost|gone) +0 +1 +2001-02-03\S* .*\S/),
    expect.stringMatching(/^(lost|gone) +0 +1 +2001-02-03\S* .*\S/),
  ]);
  expect((await run('ls', 'truths', PROJECT, '--unmatched', '--limit', '1')).stdout).toMatch(
    /\n1 of 2; --limit shows more\n$/
  );
  expect((await run('clock', PROJECT)).stdout).toMatch(
    new RegExp(`^truths kept aside +2: mlops ls truths ${PROJECT} --unmatched$`, 'm')
  );
  expect((await run('status', PROJECT)).stdout).toMatch(/^truths kept aside +2$/m);
  const plain = await run('ls', 'truths', PROJECT);
  expect(plain.code).not.toBe(0);
  expect(plain.stderr).toContain('--unmatched');
});

test('a window that nobody judges is reported as overdue by doctor and status', async () => {
  await worker.stop();
  await serveWeek(system.stores, PROJECT, { from: WEEK.from });
  const due = Date.parse(WEEK.to) + WATCH.truthDelayMs + WATCH.allowedLatenessMs;
  await advanceClock(system.stores, PROJECT, { epoch: 1, highest: new Date(due) });
  expect(await ofMonitors()).toEqual([
    {
      state: 'warning',
      about: `workflow ${monitorId(PROJECT)}`,
      what: `the window from ${WEEK.from} to ${WEEK.to} is not judged, though all its time is over`,
      fix: expect.stringContaining('Temporal UI') as unknown,
    },
  ]);
  expect((await run('status', PROJECT)).stdout).toMatch(
    /^monitor +runs; overdue: the window from 2001-02-01\S* to 2001-02-08\S*$/m
  );
});

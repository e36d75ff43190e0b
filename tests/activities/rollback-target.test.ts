import { cycleActivities } from '../../src/activities/cycles';
import type { RolloutKind } from '../../src/domain/rollout';
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { defaultLimits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import type { Stores } from '../../src/stores/connect';
import { beginRollout, endRollout, passStep, takeStep } from '../../src/stores/rollouts';
import { approved } from '../support/approved';
import { dropStores, ownStores, served, versionRef } from '../stores/served';

const CANARY = { name: 'canary', share: 0.2, shadow: false, for: { event: '1 day' } };

let stores: Stores;
let project: string;
let projects = 0;
beforeAll(async () => {
  stores = await ownStores('rollback');
});
afterAll(() => dropStores(stores));
beforeEach(() => {
  projects += 1;
  project = `rollback-${projects}`;
});

async function rollout(number: number, end: 'deployed' | 'running', kind: RolloutKind = 'rollout'): Promise<void> {
  await approved(stores, { version: versionRef(project, number), number, model: served(project, number).model });
  const begun = await beginRollout(stores, {
    workflowId: `mlops/${project}/${kind}-${number}/deploy`,
    runId: 'run',
    project,
    kind,
    version: versionRef(project, number),
    served: served(project, number),
    reason: 'a test',
    watch: {
      period: { every: '7 days' },
      allowedLatenessMs: 0,
      truthCoverage: 0.95,
      truthDelayMs: 604_800_000,
      knownBy: '2001-02-01T00:00:00.000Z',
      withoutEventTime: 'now',
    },
    plan: { steps: [CANARY], minReplicas: 1, replicasWithin: { wall: '1 second' } },
    now: Date.now(),
  });
  await takeStep(stores, begun, 1);
  await passStep(stores, begun, 1, { requests: 0, errors: 0 });
  if (end === 'deployed') await endRollout(stores, begun, { outcome: 'deployed', because: 'a test' });
}

async function target(to?: number): Promise<number | string> {
  const activities = cycleActivities({
    stores: async () => stores,
    runJob: () => Promise.reject(new Error('no job here')),
    registered: nothingRegistered,
    limits: defaultLimits(),
    retention: DEFAULT_RETENTION,
    searchAttributes: false,
    connections: {},
    ownServers: () => [],
    dataFolder: '.',
    workFolder: '.',
  });
  const { version, reason } = await activities.mlopsRollbackTarget({ project, ...(to === undefined ? {} : { to }) });
  return version === undefined ? reason : Number(version.id.split('/')[1]);
}

test('nothing was live, or nothing else: there is nothing to go back to', async () => {
  expect(await target()).toBe('no earlier version was ever live');
  await rollout(1, 'deployed');
  expect(await target()).toBe('no earlier version was ever live');
  expect(await target(1)).toBe('version 1 is live');
  expect(await target(7)).toBe('version 7 was never live');
});

test('it goes back to what the champion replaced, or to a version by its number', async () => {
  for (const number of [1, 2, 3]) await rollout(number, 'deployed');
  expect(await target()).toBe(2);
  expect(await target(1)).toBe(1);
});

test('after a rollback it goes on back, and not forth to the version that was left', async () => {
  for (const number of [1, 2, 3]) await rollout(number, 'deployed');
  await rollout(2, 'deployed', 'rollback');
  expect(await target()).toBe(1);
  expect(await target(3)).toBe(3);
});

test('while a rollout tries another version out, it goes back to the champion alone', async () => {
  await rollout(1, 'deployed');
  await rollout(2, 'running');
  expect(await target()).toBe(1);
  expect(await target(1)).toBe(1);
  expect(await target(2)).toBe('version 2 was never live');
});

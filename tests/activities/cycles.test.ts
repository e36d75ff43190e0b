/** A cycle's document moves in the order of its workflow, whatever attempts come late. */
import { cycleActivities } from '../../src/activities/cycles';
import { digestOf } from '../../src/runtime/digest';
import type { CycleDocument } from '../../src/domain/records';
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { defaultLimits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import { openCycle, usedTriggers } from '../../src/stores/cycles';
import type { Stores } from '../../src/stores/connect';
import { asWorkflow } from '../support/as-workflow';
import { dropStores, ownStores } from '../stores/served';
import { raw } from '../support/raw-records';

const OF = { project: 'flights', cycle: 1 } as const;

let stores: Stores;
let cycles: ReturnType<typeof cycleActivities>;
beforeAll(async () => {
  stores = await ownStores('cycles');
  cycles = cycleActivities({
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
});
afterAll(() => dropStores(stores));
beforeEach(async () => {
  await raw(stores).cycles.deleteMany({});
  await raw(stores).db.collection('audit').deleteMany({});
  await open();
});

const itsLifecycle = <T>(call: () => Promise<T>) => asWorkflow('mlops/flights', call);
const open = () =>
  openCycle(stores, {
    ...OF,
    definition: { kind: 'definition', id: 'flights/1', digest: digestOf('definition') },
    causes: [{ kind: 'person', by: 'cem', detail: 'a test' }],
    triggers: ['a test'],
    appliedBy: 'cem',
    asOf: '2001-02-01T00:00:00Z',
  });
const enter = (order: number, phase: string) =>
  itsLifecycle(() => cycles.mlopsEnterPhase({ ...OF, order, phase, refs: {} }));
const fail = (order: number) =>
  itsLifecycle(() => cycles.mlopsRecordFailure({ ...OF, order, phase: 'label', failure: 'no column arrival_delay' }));
const found = async (): Promise<CycleDocument> => (await raw(stores).cycles.findOne({ _id: 'flights/1' }))!;

test('a late attempt of an earlier phase changes nothing', async () => {
  await enter(1, 'ingest');
  await enter(2, 'approve');
  await enter(1, 'ingest');
  expect(await found()).toMatchObject({ phase: 'approve', state: 'waiting', revision: 2 });
});

test('nor does one undo a failure, or a later one the end', async () => {
  await enter(1, 'label');
  await fail(2);
  await enter(1, 'label');
  expect(await found()).toMatchObject({ state: 'failed', failure: 'no column arrival_delay' });
  await itsLifecycle(() => cycles.mlopsCloseCycle({ ...OF, order: 3, outcome: 'skipped', refs: {} }));
  await fail(2);
  await open();
  expect(await found()).toMatchObject({ state: 'finished', outcome: 'skipped', revision: 3 });
});

test('a second attempt of the same write leaves what the first one wrote', async () => {
  await enter(1, 'ingest');
  const first = await found();
  await enter(1, 'ingest');
  expect(await found()).toEqual(first);
});

test('a phase that runs again has no failure any more', async () => {
  await fail(1);
  await enter(2, 'label');
  expect(await found()).toMatchObject({ state: 'running', phase: 'label' });
  expect(await found()).not.toHaveProperty('failure');
});

test.each([
  ['rejected', undefined],
  ['gate failed', undefined],
  ['skipped', 'no column arrival_delay'],
  ['stopped', 'no column arrival_delay'],
] as const)('one that failed and ends as %s keeps the failure where it is why it ended', async (outcome, failure) => {
  await fail(1);
  await itsLifecycle(() => cycles.mlopsCloseCycle({ ...OF, order: 2, outcome, refs: {} }));
  const ended = await found();
  expect(ended).toMatchObject({ state: 'finished', outcome });
  expect(ended.failure).toBe(failure);
});

test('another workflow than the project’s lifecycle writes nothing', async () => {
  const before = await found();
  for (const workflowId of ['mlops/flights/1/approve', 'mlops/other', 'flights'])
    await expect(
      asWorkflow(workflowId, () => cycles.mlopsOpenCycle({ ...OF, cycle: 2, triggers: [{ id: 'x' }] }))
    ).rejects.toMatchObject({
      code: 'MLOPS_NOT_AUTHORIZED',
    });
  await expect(
    asWorkflow('mlops/other', () => cycles.mlopsEnterPhase({ ...OF, order: 9, phase: 'deploy', refs: {} }))
  ).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
  expect(await raw(stores).cycles.find().toArray()).toEqual([before]);
});

test('a finished cycle changes no more, whoever holds the lifecycle’s id next', async () => {
  await itsLifecycle(() => cycles.mlopsCloseCycle({ ...OF, order: 1, outcome: 'rejected', refs: {} }));
  const ended = await found();
  await enter(99, 'deploy');
  await fail(100);
  await itsLifecycle(() => cycles.mlopsCloseCycle({ ...OF, order: 101, outcome: 'skipped', refs: {} }));
  expect(await found()).toEqual(ended);
  const events = await raw(stores).db.collection('audit').find({ project: 'flights', what: 'cycle ended' }).toArray();
  expect(events.map(({ detail }) => detail.outcome)).toEqual(['rejected']);
});

test.each([
  ['deployed, without a rollout that says so', OF.cycle, 'deployed'],
  ['another cycle, which nobody opened', 9, 'skipped'],
] as const)('no cycle ends as %s', async (_, cycle, outcome) => {
  const before = await found();
  const close = () => cycles.mlopsCloseCycle({ ...OF, cycle, order: 99, outcome, refs: {} });
  await expect(itsLifecycle(close)).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
  expect(await found()).toEqual(before);
  expect(await raw(stores).cycles.countDocuments()).toBe(1);
});

test('a trigger is used by the cycles that ran for it, up to the one that is asked about', async () => {
  const used = async (upTo?: number) => [...(await usedTriggers(stores, 'flights', ['a test', 'another'], upTo))];
  expect(await used()).toEqual(['a test']);
  expect(await used(1)).toEqual(['a test']);
  expect(await used(0)).toEqual([]);
  expect([...(await usedTriggers(stores, 'other', ['a test']))]).toEqual([]);
});

/**
 * Housekeeping by its workflow, a story: three versions were live one after the other; a year later the first one's bytes
 * go, those of the held one stay; the loop goes on, and what is gone is said in words.
 */
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { examineRefs } from '../../src/cli/doctor/refs';
import { VERIFICATIONS } from '../../src/cli/doctor/verify/verify';
import type { HousekeepingResult } from '../../src/domain/housekeeping';
import { housekeepingSchedule } from '../../src/domain/ids';
import { openRecordStores } from '../../src/records/stores';
import { packageRoot } from '../../src/runtime/package-root';
import { storeConfig } from '../../src/stores/config';
import { mlops, mlopsJson } from '../cli/mlops';
import { age } from '../support/aged';
import { eventually } from '../support/eventually';
import { type FollowingReplica, followingReplica } from '../support/following-replica';
import { by, FEBRUARY, Lifecycles, MARCH } from '../support/lifecycles';
import { raw } from '../support/raw-records';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let lifecycles: Lifecycles;
let serving: FollowingReplica;
let project: string;

const AT_ONCE = { name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } } as const;

beforeAll(async () => {
  system = await openSystem('housekeeping');
  await system.startWorker();
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  const definition = lifecycles.define();
  project = await lifecycles.start({ ...definition, rollout: { ...definition.rollout, steps: [AT_ONCE] } });
  serving = followingReplica(system.stores, project);
  await deployed(1);
  for (const [cycle, asOf] of [
    [2, FEBRUARY.replace('-01T', '-15T')],
    [3, MARCH],
  ] as const) {
    await system.client.retrain(project, { ...by('cem'), asOf });
    await deployed(cycle);
  }
});
afterAll(async () => {
  await system.client.unscheduleHousekeeping();
  await serving?.stop();
  await lifecycles.end();
  await system.close();
});

async function deployed(cycle: number): Promise<void> {
  await lifecycles.decide(project, cycle, 'approve');
  const { outcome } = await lifecycles.cycle(project, cycle, 'finished');
  if (outcome !== 'deployed') throw new Error(`cycle ${cycle} ended as ${outcome}`);
}

const model = async (cycle: number) =>
  (await system.stores.facts.get({ kind: 'version', id: `${project}/${cycle}` })).body.model.digest;
const isLive = async (cycle: number) => system.stores.artifacts.renew([await model(cycle)]);
const sum = (tallies: HousekeepingResult['taken']) => tallies.reduce((all, { count }) => all + count, 0);

test('today nothing is due', async () => {
  const { taken, kept } = await system.client.housekeep({ dryRun: true });
  expect(taken).toEqual([]);
  expect(kept.map(({ why }) => why)).toEqual(expect.arrayContaining(['live', 'newest snapshot']));
});

test('the example of docs/housekeeping.md sets the schedule, twice the same one, and counts', async () => {
  const [, example = ''] =
    /```ts\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs', 'housekeeping.md'), 'utf8')) ?? [];
  const file = join(packageRoot(), '.stack', `housekeeping-${process.pid}.ts`);
  writeFileSync(file, example.replace('temporal-mlops/client', join(packageRoot(), 'src', 'client')));
  const before = { ...process.env };
  Object.assign(process.env, system.env);
  try {
    const { main } = require(file) as { main: () => Promise<void> };
    await main();
    await main();
  } finally {
    process.env = before;
  }
  const described = await system.client.temporal.schedule.getHandle(housekeepingSchedule(system.taskQueue)).describe();
  expect(described.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 3_600_000 });
  expect(await mlopsJson(['housekeeping'], system.env)).toMatchObject({ scheduled: true, everyMs: 86_400_000 });
  expect(await mlopsJson(['housekeeping', '--every', '12 hours'], system.env)).toMatchObject({ everyMs: 43_200_000 });
});

test('a year later: what was live long ago is due, what is held is not', async () => {
  // The last rollout ended today; the ones before it, and all that people were asked, long ago.
  const long = new Date(Date.now() - 500 * 86_400_000);
  const rollouts = raw(system.stores).db.collection<{ _id: string }>('rollouts');
  await rollouts.updateMany({ 'version.id': { $ne: `${project}/3` } }, { $set: { endedAt: long } });
  await raw(system.stores).requests.updateMany({}, { $set: { closedAt: long.toISOString() } });
  const held = ['hold', `version/${project}@1`, '--reason', 'case 17', '--by', 'ana', '--id', 'case-17'];
  expect(await mlopsJson(held, system.env)).toMatchObject({ hold: 'case-17', taken: [] });
  await age(system.stores, 500);
  const dry = await mlopsJson<HousekeepingResult>(['gc', '--dry-run'], system.env);
  // Version 2 was replaced by the rollout of today, version 1 is held: only evaluations of runs against others are nobody's.
  expect(await Promise.all([1, 2, 3].map(isLive))).toEqual([true, true, true]);
  expect(dry.kept.map(({ why }) => why)).toEqual(expect.arrayContaining(['held', 'live', 'newest snapshot']));
});

test('released, it goes by the schedule, as the dry run says; the audit and the workflow say the same', async () => {
  await mlops(['release', 'case-17', '--reason', 'case closed', '--by', 'ana'], system.env);
  await age(system.stores, 500);
  const dry = await system.client.housekeep({ dryRun: true });
  expect(sum(dry.taken)).toBeGreaterThan(3);
  const schedule = system.client.temporal.schedule.getHandle(housekeepingSchedule(system.taskQueue));
  await schedule.trigger();
  const event = await eventually('the audit event', async () =>
    (await system.stores.audit.list('_housekeeping')).find(({ what }) => what === 'housekeeping')
  );
  const byWhat = (tallies: HousekeepingResult['taken']) => tallies.map(({ what, count }) => `${what} ${count}`).sort();
  expect(byWhat(event.detail.taken as HousekeepingResult['taken'])).toEqual(byWhat(dry.taken));
  expect((await system.stores.audit.list('_housekeeping')).map(({ what }) => what)).toEqual([
    'hold placed',
    'hold released',
    'housekeeping',
  ]);
  expect(await Promise.all([1, 2, 3].map(isLive))).toEqual([false, true, true]);
});

test('doctor finds nothing lost', async () => {
  const stores = openRecordStores(storeConfig(system.env));
  const findings = [...(await examineRefs(stores, true))];
  for (const [, verify] of VERIFICATIONS) findings.push(...(await verify(stores)));
  await stores.close();
  expect(findings.filter(({ state }) => state === 'problem')).toEqual([]);
  expect(findings.find(({ about }) => about === 'refs')?.what).toMatch(
    /housekeeping has taken the bytes of \d+ artifacts/
  );
});

test('a rollback to a version whose bytes are gone is refused in words; to a kept one it goes', async () => {
  const gone = await system.client.rollback(project, { ...by('ana'), to: 1 });
  expect(gone).toMatchObject({ outcome: 'refused' });
  expect(gone.reason).toMatch(
    /version 1 can't be served: its model was taken by housekeeping on \d{4}-\d\d-\d\d, because/
  );
  expect(await system.client.rollback(project, { ...by('ana'), to: 2 })).toMatchObject({ outcome: 'accepted' });
  const endpoint = () => raw(system.stores).endpoints.findOne({ _id: project });
  await eventually('version 2', async () => ((await endpoint())?.champion?.number === 2 ? true : undefined));
});

test('the next cycle goes through', async () => {
  await system.client.retrain(project, { ...by('cem'), asOf: '2001-03-15T00:00:00Z' });
  await deployed(4);
  expect(await isLive(4)).toBe(true);
});

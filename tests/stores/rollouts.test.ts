import type { RolloutStep } from '../../src/domain/definition';
import type { EndpointDocument } from '../../src/domain/endpoint';
import { NO_ANSWERS, type RolloutDocument, type RolloutKind } from '../../src/domain/rollout';
import type { Stores } from '../../src/stores/connect';
import { liveReplicas, watermarkOf } from '../../src/stores/replicas';
import {
  beginRollout,
  closeSuperseded,
  endRollout,
  passStep,
  rolloutOf,
  rolloutsOf,
  startClock,
  takeStep,
} from '../../src/stores/rollouts';
import { approved } from '../support/approved';
import { dropStores, ownStores, report, served, versionRef } from './served';
import { raw } from '../support/raw-records';

const STEPS: RolloutStep[] = [
  { name: 'shadow', share: 0, shadow: true, for: { event: '3 days' } },
  { name: 'canary', share: 0.2, shadow: false, for: { event: '4 days' } },
  { name: 'full', share: 1, shadow: false, for: { event: '3 days' } },
];
const PLAN = { steps: STEPS, minReplicas: 1, replicasWithin: { wall: '5 seconds' } };
const WATCH = {
  period: { every: '7 days' },
  allowedLatenessMs: 0,
  truthCoverage: 0.95,
  truthDelayMs: 604_800_000,
  knownBy: '2001-02-01T00:00:00.000Z',
  withoutEventTime: 'now' as const,
};

let stores: Stores;
let projects = 0;
let project: string;

beforeAll(async () => {
  stores = await ownStores('rollouts');
});
afterAll(() => dropStores(stores));
beforeEach(() => {
  projects += 1;
  project = `flights-${projects}`;
});

async function begin(number: number, run = `run-${number}`, kind: RolloutKind = 'rollout'): Promise<RolloutDocument> {
  await approved(stores, { version: versionRef(project, number), number, model: served(project, number).model });
  return beginRollout(stores, {
    workflowId: `mlops/${project}/${number}/deploy`,
    runId: run,
    project,
    kind,
    version: versionRef(project, number),
    served: served(project, number),
    reason: 'a test',
    watch: WATCH,
    plan: PLAN,
    now: Date.now(),
  });
}

async function endpoint(): Promise<EndpointDocument> {
  const found = await raw(stores).endpoints.findOne({ _id: project });
  if (found === null) throw new Error('no endpoint');
  return found;
}

/** Takes the steps up to this one, and lets those before it pass. */
async function advance(rollout: RolloutDocument, to: number): Promise<void> {
  for (let step = 1; step <= to; step += 1) {
    if (step > 1) await pass(rollout, step - 1);
    await takeStep(stores, await rolloutOf(stores, rollout._id), step);
  }
}

const pass = async (rollout: RolloutDocument, step: number) =>
  passStep(stores, await rolloutOf(stores, rollout._id), step, NO_ANSWERS);
const later = (rollout: RolloutDocument) => rolloutOf(stores, rollout._id);

async function deployed(number: number): Promise<void> {
  const rollout = await begin(number);
  await advance(rollout, rollout.steps.length);
  await pass(rollout, rollout.steps.length);
  await endRollout(stores, rollout, { outcome: 'deployed', because: 'a test' });
}

const early = { code: 'MLOPS_NOT_AUTHORIZED' };
const superseded = { code: 'MLOPS_ROLLOUT_SUPERSEDED' };

test('the first rollout of an endpoint is one step, and its version the champion', async () => {
  const rollout = await begin(1);
  expect(rollout.steps.map((step) => step.name)).toEqual(['full']);
  expect((await endpoint()).champion).toBeUndefined();
  await takeStep(stores, rollout, 1);
  await expect(endRollout(stores, rollout, { outcome: 'deployed', because: 'too early' })).rejects.toMatchObject(early);
  await pass(rollout, 1);
  expect(await endpoint()).toMatchObject({
    champion: { number: 1 },
    rollout: { epoch: 1, step: 1, stepName: 'full', state: 'running' },
  });
  expect(await raw(stores).aliases.findOne({ _id: `${project}/champion` })).toBeNull();
  await endRollout(stores, rollout, { outcome: 'deployed', because: 'a test' });
  expect(await endpoint()).toMatchObject({ champion: { number: 1 }, rollout: { state: 'finished' } });
  expect(await raw(stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({
    version: `${project}/1`,
    digest: versionRef(project, 1).digest,
    revision: 1,
  });
  expect(
    await raw(stores)
      .db.collection<{ _id: string }>('edges')
      .findOne({ _id: `endpoint:${project} deployed version:${project}/1` })
  ).not.toBeNull();
});

test('beginning twice, one after the other or at once, is one rollout and one epoch', async () => {
  const all = await Promise.all([begin(1), begin(1), begin(1)]);
  expect(new Set(all.map((rollout) => rollout.epoch))).toEqual(new Set([1]));
  expect((await begin(1)).epoch).toBe(1);
  expect(await rolloutsOf(stores).countDocuments({ project })).toBe(1);
  expect((await endpoint()).revision).toBe(1);
});

test('a late attempt of beginning does not take the endpoint back from its successor', async () => {
  await deployed(1);
  const first = await begin(2);
  const second = await begin(3);
  expect([first.epoch, second.epoch]).toEqual([2, 3]);
  expect(second.supersedes).toBe(first.workflowId);
  expect((await begin(2)).epoch).toBe(2);
  expect((await endpoint()).rollout.epoch).toBe(3);
});

test('the same workflow run again is another rollout', async () => {
  await deployed(1);
  const first = await begin(2, 'run-a');
  await endRollout(stores, first, { outcome: 'rolled-back', because: 'no replica' });
  expect((await begin(2, 'run-b')).epoch).toBe(first.epoch + 1);
});

test('a step writes its whole state, raises the revision once, and a second attempt is a success', async () => {
  await deployed(1);
  const rollout = await begin(2);
  const { revision } = await endpoint();
  expect(await takeStep(stores, rollout, 1)).toBe(revision + 1);
  expect(await takeStep(stores, rollout, 1)).toBe(revision + 1);
  expect(await endpoint()).toMatchObject({
    revision: revision + 1,
    champion: { number: 1 },
    candidate: { number: 2, share: 0, shadow: true },
  });
  await expect(takeStep(stores, rollout, 2)).rejects.toMatchObject(early);
  await advance(rollout, 2);
  expect((await endpoint()).candidate).toMatchObject({ number: 2, share: 0.2, shadow: false });
});

test('a step can not be taken again once a later one is', async () => {
  await deployed(1);
  const rollout = await begin(2);
  await advance(rollout, 2);
  const before = await endpoint();
  await expect(takeStep(stores, rollout, 1)).rejects.toMatchObject(superseded);
  expect(await endpoint()).toEqual(before);
});

test('of two rollouts that race, every write of the earlier epoch is refused and changes nothing', async () => {
  await deployed(1);
  const older = await begin(2);
  await takeStep(stores, older, 1);
  await pass(older, 1);
  const newer = await begin(3);
  expect((await endpoint()).candidate).toBeUndefined();
  await takeStep(stores, newer, 1);
  const before = await endpoint();
  await expect(takeStep(stores, await later(older), 2)).rejects.toMatchObject(superseded);
  await expect(startClock(stores, older, 1, new Date('2001-05-10'))).rejects.toMatchObject(superseded);
  await expect(endRollout(stores, older, { outcome: 'deployed', because: '' })).rejects.toMatchObject(early);
  await expect(endRollout(stores, older, { outcome: 'rolled-back', because: '' })).rejects.toMatchObject(superseded);
  await closeSuperseded(stores, older, 'another rollout');
  expect(await endpoint()).toEqual(before);
  expect(await raw(stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({ number: 1 });
  expect(await rolloutsOf(stores).findOne({ _id: older._id })).toMatchObject({ outcome: 'superseded' });
});

test('a late second attempt of a step after a rollback changes nothing', async () => {
  await deployed(1);
  const rollout = await begin(2);
  await takeStep(stores, rollout, 1);
  await pass(rollout, 1);
  await endRollout(stores, rollout, { outcome: 'rolled-back', because: 'errors' });
  const before = await endpoint();
  expect(before).toMatchObject({ champion: { number: 1 }, rollout: { state: 'rolled-back' } });
  expect(before.candidate).toBeUndefined();
  await expect(takeStep(stores, await later(rollout), 2)).rejects.toMatchObject(superseded);
  await expect(takeStep(stores, await later(rollout), 3)).rejects.toMatchObject(early);
  expect(await endpoint()).toEqual(before);
});

test('an end stands: it is told once, and asking for another end answers the first', async () => {
  await deployed(1);
  const rollout = await begin(2);
  await advance(rollout, 3);
  await pass(rollout, 3);
  const ends = await Promise.all([
    endRollout(stores, rollout, { outcome: 'deployed', because: 'passed' }),
    endRollout(stores, rollout, { outcome: 'deployed', because: 'passed' }),
  ]);
  expect(ends).toEqual(['deployed', 'deployed']);
  expect(await endRollout(stores, rollout, { outcome: 'rolled-back', because: 'cancelled' })).toBe('deployed');
  expect(await endpoint()).toMatchObject({ champion: { number: 2 }, rollout: { state: 'finished' } });
  const events = (await stores.audit.list(project)).filter((event) => event._id === `rollout ${rollout._id}`);
  expect(events.map((event) => event.what)).toEqual(['rollout deployed']);
  expect(await stores.audit.firstBroken(project)).toBeUndefined();
});

test('undoing the first rollout leaves an endpoint that serves nothing, and its epoch goes on', async () => {
  const rollout = await begin(1);
  await takeStep(stores, rollout, 1);
  await endRollout(stores, rollout, { outcome: 'rolled-back', because: 'no replica' });
  expect((await endpoint()).champion).toBeUndefined();
  const again = await begin(1, 'retry');
  expect(again).toMatchObject({ epoch: 2, steps: [{ name: 'full' }] });
  await expect(takeStep(stores, rollout, 1)).rejects.toMatchObject(superseded);
});

test('a rollback is a rollout: one step, the next epoch, the earlier version at once', async () => {
  await deployed(1);
  await deployed(2);
  const forward = await begin(3);
  await advance(forward, 2);
  await pass(forward, 2);
  const back = await begin(1, 'rollback', 'rollback');
  expect(back.steps).toHaveLength(1);
  await takeStep(stores, back, 1);
  await pass(back, 1);
  expect(await endpoint()).toMatchObject({ champion: { number: 1 } });
  expect((await endpoint()).candidate).toBeUndefined();
  await endRollout(stores, back, { outcome: 'deployed', because: 'asked' });
  expect(await raw(stores).aliases.findOne({ _id: `${project}/champion` })).toMatchObject({ number: 1, revision: 3 });
  await expect(takeStep(stores, await later(forward), 3)).rejects.toMatchObject(superseded);
});

test("a step's clock starts once, with a revision of its own", async () => {
  await deployed(1);
  const rollout = await begin(2);
  const revision = await takeStep(stores, rollout, 1);
  const clock = await startClock(stores, rollout, 1, new Date('2001-05-10T18:20:00Z'));
  expect(clock).toEqual({ until: '2001-05-13T18:20:00.000Z', revision: revision + 1 });
  expect(await startClock(stores, rollout, 1, new Date('2001-05-12T00:00:00Z'))).toEqual(clock);
  await pass(rollout, 1);
  await takeStep(stores, await later(rollout), 2);
  expect((await endpoint()).rollout.until).toBeUndefined();
});

test('live is who reported within 10 s by the clock of MongoDB; the watermark is the least of those, minus allowedLateness', async () => {
  await report(stores, project, 'a', { revision: 1, shippedTo: '2001-05-10T12:00:00Z' });
  await report(stores, project, 'b', { revision: 1, shippedTo: '2001-05-10T10:00:00Z' });
  await report(stores, project, 'gone', { revision: 1, shippedTo: '2001-05-01T00:00:00Z', silentForMs: 11_000 });
  await report(stores, project, 'new', { revision: 1 });
  const live = await liveReplicas(stores, project);
  expect(live.map((replica) => replica.replica)).toEqual(['a', 'b', 'new']);
  expect(watermarkOf(live, 3_600_000)).toEqual(new Date('2001-05-10T09:00:00Z'));
  expect(watermarkOf([], 0)).toBeUndefined();
});

describe('a rollout begins only for what people approved', () => {
  const refused = (why: RegExp) => ({ code: 'MLOPS_NOT_AUTHORIZED', message: expect.stringMatching(why) as unknown });
  const of = (number: number) => ({
    version: versionRef(project, number),
    number,
    model: served(project, number).model,
  });
  const beginUnapproved = (number: number, kind: RolloutKind = 'rollout', now = Date.now()) =>
    beginRollout(stores, {
      workflowId: `mlops/${project}/${number}/deploy`,
      runId: 'run',
      project,
      kind,
      version: versionRef(project, number),
      served: served(project, number),
      reason: 'a test',
      watch: WATCH,
      plan: PLAN,
      now,
    });

  test.each(['rollout', 'rollback'] as const)('a %s of a version without a request', async (kind) => {
    await expect(beginUnapproved(1, kind)).rejects.toMatchObject(refused(/No request about this version/));
    expect(await raw(stores).endpoints.findOne({ _id: project })).toBeNull();
  });

  test.each(['open', 'rejected', 'expired', 'superseded'] as const)('nor of one whose request is %s', async (state) => {
    await approved(stores, of(1), { state });
    await expect(beginUnapproved(1)).rejects.toMatchObject(refused(/No request about this version/));
  });

  test('nor of one whose decisions do not fill the policy, whatever the request says', async () => {
    await approved(stores, of(1));
    await raw(stores)
      .db.collection('decisions')
      .deleteMany({ 'body.request': `${project}/1` });
    await expect(beginUnapproved(1)).rejects.toMatchObject(refused(/No request about this version/));
  });

  test('nor of other bytes than were approved', async () => {
    await approved(stores, { ...of(1), model: served(project, 2).model });
    await expect(beginUnapproved(1)).rejects.toMatchObject(refused(/No request about this version/));
  });

  test('nor once its approval is over', async () => {
    await approved(stores, of(1));
    const inAMonth = Date.now() + 31 * 86_400_000;
    await expect(beginUnapproved(1, 'rollout', inAMonth)).rejects.toMatchObject(refused(/valid for 30 days/));
    expect(await beginUnapproved(1, 'rollback', inAMonth)).toMatchObject({ epoch: 1 });
  });

  test('nor once another champion is live than the one it was compared with', async () => {
    await deployed(1);
    await approved(stores, of(2));
    await deployed(3);
    await expect(beginUnapproved(2)).rejects.toMatchObject(refused(/The champion is not the one/));
    expect(await beginUnapproved(2, 'rollback')).toMatchObject({ epoch: 3 });
  });
});

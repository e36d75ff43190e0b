/**
 * Ninety days of one lifecycle, in seconds, on Temporal's time-skipping test server. Workflows and activities are the
 * real ones, on the real MongoDB and MinIO, with a thousandth of the flights. Time goes by only in `days`: while the test
 * looks or an activity runs, the server's clock doesn't leap. That server lists no search attributes, so there are none, and
 * doesn't say which workflow sent a signal.
 */
import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { decidedDigest } from '../../src/domain/approval';
import type { ApprovalPolicy, ProjectDefinition } from '../../src/domain/definition';
import { lifecycleId, monitorId } from '../../src/domain/ids';
import type { CycleDocument } from '../../src/domain/records';
import type { Replica } from '../../src/replica/run-replica';
import { readEnvironment } from '../../src/runtime/environment';
import { type KeptNotices, keptNotices } from '../support/kept-notices';
import { eventually } from '../support/eventually';
import { serveLateFlights } from '../support/late-flights';
import { quiet } from '../support/quiet';
import { startReplica } from '../support/replica';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let temporal: TestWorkflowEnvironment;
let system: TestSystem;
let replica: Replica;
let project: string;
let definition: ProjectDefinition;
let begun: number;
let notices: KeptNotices;

const approval: ApprovalPolicy = {
  approversNeeded: 2,
  rejectsNeeded: 1,
  roles: { reviewers: ['ana', 'ben', 'cem'] },
  approvers: ['role:reviewers'],
  allowSelfApproval: false,
  deadline: { wall: '14 days' },
  validFor: { wall: '30 days' },
  reminders: [{ wall: '3 days' }],
  supersedeAfter: { wall: '5 days' },
};

beforeAll(async () => {
  quiet();
  temporal = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: readEnvironment().TEMPORAL_TEST_SERVER ?? '' } },
  });
  system = await openSystem('ninety', readEnvironment(), temporal);
  project = system.name.slice(0, 40);
  definition = smallProject(project, await writeSmallFlights(system.folder, 1000), {
    approval,
    rollout: {
      steps: [
        { name: 'canary', share: 0.2, shadow: false, for: { event: '0 seconds' } },
        { name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } },
      ],
      minReplicas: 1,
      replicasWithin: { wall: '60 seconds' },
    },
    triggers: [{ on: 'bias', breaches: 2, outOf: 3, coolDown: { event: '14 days' } }],
    notifiers: [{ registered: 'kept', params: {} }],
    heartbeatWithin: { wall: '30 seconds' },
  });
  notices = keptNotices(system.folder);
  await system.startWorker({ searchAttributes: false, registered: notices.module });
  replica = await startReplica(system, project);
  begun = await temporal.currentTimeMs();
});
afterAll(async () => {
  await replica.close();
  await system.close();
  await temporal.teardown();
});

const by = (person: string) => ({ id: randomUUID(), by: person });
const days = (count: number) => temporal.sleep(`${count} days`);
const day = async () => Math.floor(((await temporal.currentTimeMs()) - begun) / 86_400_000);
const retrain = (person: string, asOf: string, supersede = false) =>
  system.client.retrain(project, { ...by(person), asOf, supersede });
const cycle = (number: number, state: CycleDocument['state']) =>
  eventually(`cycle ${number} ${state}`, async () => {
    const found = await raw(system.stores).cycles.findOne({ _id: `${project}/${number}` });
    if (found?.state === 'failed') throw new Error(`${found.phase} failed: ${found.failure}`);
    return found?.state === state ? found : undefined;
  });
const told = (number: number, kind: string) =>
  eventually(`${kind} of ${number}`, () =>
    notices.all().find((notice) => notice.id === `${project}/${number} ${kind}`)
  );
/** Asked, and its workflow runs. */
const request = async (number: number) => {
  await told(number, 'approval-requested');
  return (await raw(system.stores).requests.findOne({ _id: `${project}/${number}` }))!;
};
const decide = async (number: number, person: string, verdict: 'approve' | 'reject' = 'approve') => {
  const { _id, subject } = await request(number);
  return system.client.decide(_id, { ...by(person), verdict, digest: decidedDigest(subject) });
};
const champion = async () => (await raw(system.stores).aliases.findOne({ _id: `${project}/champion` }))?.number;

test('day 0 to 14: nobody decides; they are reminded on day 3, and the request expires on day 14', async () => {
  const started = await system.client.start({ definition, asOf: '2001-02-01T00:00:00Z', by: 'cem' });
  expect(started).toMatchObject({ outcome: 'accepted' });
  await request(1);
  await days(2);
  expect(notices.all().map(({ kind }) => kind)).toEqual(['approval-requested']);
  await days(2);
  await told(1, 'reminder-3-days');
  await days(9);
  expect(await cycle(1, 'waiting')).toMatchObject({ phase: 'approve' });
  await days(2);
  expect(await cycle(1, 'finished')).toMatchObject({ outcome: 'expired' });
  await told(1, 'approval-expired');
  expect(await decide(1, 'ana')).toMatchObject({ outcome: 'refused', code: 'expired' });
});

test('day 15: a rejection closes the next one at once', async () => {
  expect(await day()).toBe(15);
  await retrain('cem', '2001-02-15T00:00:00Z');
  expect(await decide(2, 'ben', 'reject')).toMatchObject({ outcome: 'accepted', state: 'rejected' });
  expect(await cycle(2, 'finished')).toMatchObject({ outcome: 'rejected' });
});

test('day 15 to 51: paused for five weeks, it waits; three triggers merge into one cycle', async () => {
  await system.client.pause(project, by('dan'));
  await days(1);
  await retrain('cem', '2001-02-18T00:00:00Z');
  await days(20);
  await retrain('dan', '2001-02-22T00:00:00Z');
  await retrain('eve', '2001-02-20T00:00:00Z');
  await days(15);
  expect(await system.client.status(project)).toMatchObject({ paused: true, cycle: 2 });
  await system.client.unpause(project, by('dan'));
  const merged = await cycle(3, 'waiting');
  expect(merged.causes.map((each) => each.by ?? each.kind)).toEqual(['cem', 'dan', 'eve']);
  expect(merged.asOf).toBe('2001-02-22T00:00:00Z');
});

test('day 51 to 60: a trigger that waited five days supersedes the open request, and a person the next', async () => {
  await request(3);
  await days(2);
  await retrain('dan', '2001-03-01T00:00:00Z');
  await days(4);
  expect(await cycle(3, 'waiting')).toBeDefined();
  await days(2);
  expect(await cycle(3, 'finished')).toMatchObject({ outcome: 'superseded' });
  await request(4);
  await days(1);
  await retrain('cem', '2001-03-08T00:00:00Z', true);
  expect(await cycle(4, 'finished')).toMatchObject({ outcome: 'superseded' });
  expect(await decide(4, 'ana')).toMatchObject({ outcome: 'refused', code: 'superseded' });
});

test('day 60 to 62: a quorum of two others approves, and it is deployed and watched', async () => {
  expect(await decide(5, 'cem')).toMatchObject({ outcome: 'refused', code: 'own-work' });
  expect(await decide(5, 'ana')).toMatchObject({ outcome: 'accepted', state: 'open' });
  await days(2);
  expect(await decide(5, 'ana')).toMatchObject({ outcome: 'refused', code: 'second-decision' });
  expect(await decide(5, 'ben')).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await cycle(5, 'finished')).toMatchObject({ outcome: 'deployed' });
  expect(await champion()).toBe(5);
});

test('day 70: two weeks of flights that were all late fire a trigger; as nobody can see that the monitor sent it, a person retrains', async () => {
  await days(8);
  const served = Date.parse('2001-03-08T00:00:00Z');
  for (let each = 0; each < 17; each += 1)
    await serveLateFlights(replica.address, project, new Date(served + each * 86_400_000).toISOString().slice(0, 10));
  const audited = async (what: string) =>
    (await system.stores.audit.list(project)).find((event) => event.what === what && event.detail.signal === 'trigger');
  await eventually('the refusal', () => audited('signals refused').then((event) => event ?? undefined));
  const verdict = await system.stores.facts.find('window', `${project}/2001-03-15T00:00:00.000Z/r0`);
  expect(verdict?.body.triggers).toMatchObject([{ on: 'bias', outcome: 'fired' }]);
  await retrain('cem', verdict?.body.asOf ?? '');
  await cycle(6, 'waiting');
  expect(await request(6)).toMatchObject({ authors: ['cem'] });
});

test('day 70 to 78: the retrained version replaces the champion, and is rolled back eight days later', async () => {
  expect(await decide(6, 'ana')).toMatchObject({ outcome: 'accepted' });
  expect(await decide(6, 'ben')).toMatchObject({ outcome: 'accepted', state: 'approved' });
  expect(await cycle(6, 'finished')).toMatchObject({ outcome: 'deployed' });
  expect(await champion()).toBe(6);
  await days(8);
  expect(await system.client.rollback(project, by('dan'))).toMatchObject({ outcome: 'accepted' });
  await eventually('version 5 answers again', async () => ((await champion()) === 5 ? true : undefined));
});

test('day 90: a change of policy has its whole deadline, by the clock that judges it', async () => {
  await days(90 - (await day()));
  const stricter: ProjectDefinition = { ...definition, approval: { ...approval, validFor: { wall: '20 days' } } };
  expect(await system.client.apply(stricter, by('dan'))).toMatchObject({ outcome: 'accepted' });
  const id = `${project}/policy-1`;
  const asked = await raw(system.stores).requests.findOne({ _id: id });
  expect(Math.floor((Date.parse(asked?.openedAt ?? '') - begun) / 86_400_000)).toBe(90);
  const decision = { ...by('ben'), verdict: 'reject', digest: decidedDigest(asked!.subject) } as const;
  expect(await system.client.decide(id, decision)).toMatchObject({ outcome: 'accepted', state: 'rejected' });
});

test('day 90: it still waits for the next trigger, and stops when asked', async () => {
  expect(await day()).toBe(90);
  expect(await system.client.status(project)).toMatchObject({ phase: 'idle', cycle: 6, last: 'deployed' });
  await system.client.stop(project, by('dan'));
  const ended = temporal.client.workflow.getHandle(lifecycleId(project)).result();
  expect(await ended).toEqual({ ended: 'stopped by dan' });
  await expect(temporal.client.workflow.getHandle(monitorId(project)).result()).rejects.toThrow(/cancelled/i);
});

test('records and audit tell all of it, in order', async () => {
  const cycles = await raw(system.stores).cycles.find({ project }).sort({ cycle: 1 }).toArray();
  expect(cycles.map(({ outcome }) => outcome)).toEqual([
    'expired',
    'rejected',
    'superseded',
    'superseded',
    'deployed',
    'deployed',
  ]);
  const audit = await system.stores.audit.list(project);
  const told = (by: (who: string) => boolean) => audit.filter((event) => by(event.by)).map((event) => event.what);
  const asked = ['version registered', 'approval requested'];
  expect(told((who) => who === 'temporal-mlops')).toEqual([
    ...[...asked, 'request expired', 'cycle ended'],
    ...[...asked, 'request rejected', 'cycle ended'],
    ...[...asked, 'request superseded', 'cycle ended'],
    ...[...asked, 'request superseded', 'cycle ended'],
    ...[...asked, 'request approved', 'rollout deployed', 'cycle ended'],
    'window triggered',
    ...[...asked, 'request approved', 'rollout deployed', 'cycle ended'],
    'rollback deployed',
    'request rejected',
  ]);
  const people = [
    ['ana', 'decision accepted', 2],
    ['ana', 'decision refused', 3],
    ['ben', 'decision accepted', 4],
    ['cem', 'decision refused', 1],
    ['cem', 'definition applied', 1],
    ['cem', 'definition in force', 1],
    ['cem', 'retrain', 5],
    ['dan', 'apply', 1],
    ['dan', 'definition applied', 1],
    ['dan', 'approval requested', 1],
    ['dan', 'retrain', 2],
    ['eve', 'retrain', 1],
    ['dan', 'pause', 1],
    ['dan', 'unpause', 1],
    ['dan', 'rollback', 1],
    ['dan', 'stop', 1],
  ] as const;
  for (const [who, what, times] of people) {
    const found = audit.filter((event) => event.by === who && event.what === what);
    expect([who, what, found.length]).toEqual([who, what, times]);
  }
  // This server doesn't say which workflow sent `supersede` and `trigger`: the audit has them as a stranger's.
  const others = audit.filter(({ by: who, what }) => !people.some(([name, did]) => name === who && did === what));
  expect(others.filter(({ by: who }) => who !== 'temporal-mlops').map(({ by: who, what }) => [who, what])).toEqual([
    ['unknown', 'signal refused'],
    ['unknown', 'signal refused'],
    ['unknown', 'signals refused'],
  ]);
  expect(await system.stores.audit.firstBroken(project)).toBeUndefined();
});

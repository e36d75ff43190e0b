import type { WorkflowHandle } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { monitorActivities } from '../../src/activities/monitor';
import type { MonitoringDefinition } from '../../src/domain/definition';
import type { EndpointWatch } from '../../src/domain/endpoint';
import { lifecycleId, monitorId } from '../../src/domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer, type Trigger } from '../../src/domain/messages';
import type { WindowBody } from '../../src/domain/monitoring';
import { advanceClock } from '../../src/stores/clocks';
import { lateHours } from '../../src/stores/late';
import { recordWriter } from '../../src/stores/predictions';
import type { MonitorState, monitor } from '../../src/workflows/monitor';
import { report } from '../stores/served';
import { asWorkflow } from '../support/as-workflow';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { type EndpointWorker, startEndpointWorker } from './endpoint-worker';
import { rests } from './rests';
import { registerWatched, serveWeek, watchedFlights } from './served-flights';

const [W1, W2, W3, W4, W5, W6] = [
  '2001-02-01T00:00:00.000Z',
  '2001-02-08T00:00:00.000Z',
  '2001-02-15T00:00:00.000Z',
  '2001-02-22T00:00:00.000Z',
  '2001-03-01T00:00:00.000Z',
  '2001-03-08T00:00:00.000Z',
] as const;

const WATCH: EndpointWatch = {
  period: { every: '7 days' },
  allowedLatenessMs: 0,
  truthCoverage: 0.9,
  truthDelayMs: 14 * 86_400_000,
  knownBy: '2001-02-01T00:00:00.000Z',
  withoutEventTime: 'now',
};

let worker: EndpointWorker;
let projects = 0;
let project: string;
const started: WorkflowHandle[] = [];

beforeAll(async () => {
  worker = await startEndpointWorker('monitor');
});
afterAll(async () => {
  await Promise.all(started.map((handle) => handle.terminate().catch(() => undefined)));
  await worker.stop();
});
beforeEach(() => {
  projects += 1;
  project = `windows-${projects}-${Date.now().toString(36)}`;
});

async function start(
  changes: Partial<MonitorState> = {},
  since: string = W1,
  monitoring: Partial<MonitoringDefinition> = {}
): Promise<WorkflowHandle<typeof monitor>> {
  const flights = watchedFlights(project);
  const defined = { ...flights, monitoring: { ...flights.monitoring, ...monitoring } };
  const version = await registerWatched(worker.stores, defined);
  const known = await registeredDefinition(worker.stores, defined);
  const handle = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(project),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project, ...known, searchAttributes: false, ...changes }],
  });
  started.push(handle);
  await handle.signal(MESSAGES.watch, { version: version.id, number: 1, since });
  return worker.client.workflow.getHandle<typeof monitor>(monitorId(project));
}

async function listen(count: number): Promise<WorkflowHandle<() => Promise<Trigger[]>>> {
  const handle = await worker.client.workflow.start('listener', {
    workflowId: lifecycleId(project),
    taskQueue: worker.taskQueue,
    args: [count],
  });
  started.push(handle);
  return handle;
}

/** The replica counts as live for ten minutes more, however slow the machine. */
async function shipped(shippedTo: string, clockEpoch = 0): Promise<void> {
  await report(worker.stores, project, 'r1', { revision: 1, shippedTo, clockEpoch, silentForMs: -600_000 });
}

async function passed(handle: WorkflowHandle, edge: string, reason = 'passed'): Promise<void> {
  await handle.signal(MESSAGES.watermark, { endpoint: project, watermark: edge, edge, reason });
}

async function windows(): Promise<WindowBody[]> {
  const facts = await raw(worker.stores)
    .facts('window')
    .find({ 'body.endpoint': project })
    .sort({ 'made.at': 1 })
    .toArray();
  return facts.map((fact) => fact.body);
}

/** The first verdicts, once there are as many: by then some may have been corrected already. */
async function judged(count: number): Promise<WindowBody[]> {
  return eventually(`${count} windows`, async () => {
    const verdicts = (await windows()).filter(({ revision }) => revision === 0);
    return verdicts.length >= count ? verdicts.slice(0, count) : undefined;
  });
}

async function details(): Promise<string> {
  const handle = worker.client.workflow.getHandle(monitorId(project));
  return (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
}

test('windows are judged in order and once each, whatever signals come twice or out of order; a rule fires once', async () => {
  const lifecycle = await listen(2);
  for (const [from, late] of [
    [W1, 12],
    [W2, 8],
    [W3, 8],
    [W4, 8],
  ] as const)
    await serveWeek(worker.stores, project, { from, late });
  await shipped('2001-03-02T00:00:00Z');
  const handle = await start();
  for (const edge of [W4, W2, W2, W5, W3, W2]) await passed(handle, edge);
  await passed(handle, W3, 'covered');
  const all = await judged(4);
  expect(all.map((window) => window.period.from)).toEqual([W1, W2, W3, W4]);
  expect(all.map((window) => window.bias.verdict)).toEqual(['none', 'above', 'above', 'above']);
  expect(all.map((window) => window.triggers.map((trigger) => trigger.outcome))).toEqual([
    [],
    [],
    ['fired'],
    ['suppressed: cool-down'],
  ]);
  expect(all[2]).toMatchObject({ rows: 280, truths: 266, version: 1, dataQuality: { verdict: 'passed' } });
  expect(all[2]?.quality.logLossAgainstBaseline?.estimate).toBeCloseTo(0, 5);

  await eventually('the next window', async () => ((await details()).includes(W5) ? true : undefined));
  // Only one trigger has come: the listener, which waits for two, still does.
  const heard = await eventually('a trigger', async () => {
    const { events } = await lifecycle.fetchHistory();
    const signals = events?.filter((event) => event.workflowExecutionSignaledEventAttributes != null) ?? [];
    return signals.length > 0 ? signals : undefined;
  });
  expect(heard).toHaveLength(1);
  const sent = JSON.parse(
    Buffer.from(heard[0]?.workflowExecutionSignaledEventAttributes?.input?.payloads?.[0]?.data ?? []).toString()
  ) as Trigger;
  expect(sent).toMatchObject({
    id: `${project}/${W3}/r0/bias`,
    asOf: all[2]?.asOf,
    cause: { kind: 'bias', window: `${project}/${W3}/r0` },
  });
  expect(sent.cause.detail).toContain('in 2 of the last 3 windows');
});

test('a window in a canary waits for the truth of the version that it judges, however much of the other’s is there', async () => {
  await serveWeek(worker.stores, project, { from: W1, covered: 0.925 });
  // With these 499 of 520 have their truth, more than 95 in 100; of version 1 alone 92.
  await serveWeek(worker.stores, project, { from: W1, name: 'canary', version: 2, days: 6 });
  await shipped('2001-02-09T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  await eventually('what it waits for', async () =>
    (await details()).includes('truth: 259 of 280 predictions of version 1 have it, 266 are needed') ? true : undefined
  );
  expect(await windows()).toEqual([]);
  await serveWeek(worker.stores, project, { from: W1, covered: 1 });
  await passed(handle, W2, 'covered');
  expect((await judged(1))[0]).toMatchObject({ version: 1, rows: 280, truths: 266 });
});

test('a window waits for its truth; its verdict knows the truths up to the one that made enough, and no later', async () => {
  await serveWeek(worker.stores, project, { from: W1, covered: 0.5 });
  await shipped('2001-02-09T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  await eventually('what it waits for', async () =>
    (await details()).includes('truth: 140 of 280 predictions of version 1 have it, 266 are needed') ? true : undefined
  );
  expect(await windows()).toEqual([]);
  await serveWeek(worker.stores, project, { from: W1, covered: 1 });
  await passed(handle, W2, 'covered');
  const [window] = await judged(1);
  // 266 of 280: the 26th row of the last day, 13 hours into it, plus the day that truth takes.
  expect(window).toMatchObject({ asOf: '2001-02-08T12:30:00.000Z', truths: 266, rows: 280 });
});

test('truth that never comes is waited for only so long', async () => {
  await serveWeek(worker.stores, project, { from: W1, covered: 0.5 });
  await shipped('2001-02-22T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  const [window] = await judged(1);
  expect(window).toMatchObject({ asOf: W4, truths: 140, coverage: 0.5 });
});

test('without a live replica nothing is known of event time, and nothing is judged', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  const handle = await start({ rereadMs: 200 });
  await passed(handle, W2);
  await eventually('what it waits for', async () =>
    (await details()).includes('a replica: none is live') ? true : undefined
  );
  expect(await windows()).toEqual([]);
  // The signal is lost; the timer looks.
  await shipped('2001-02-09T00:00:00Z');
  await judged(1);
});

test('a version that can’t be watched waits for a person, and is watched after the fix', async () => {
  const { definitions, definition } = {
    definitions: raw(worker.stores).facts('definition'),
    definition: watchedFlights(project),
  };
  await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  const lost = await definitions.findOneAndDelete({ 'body.definition.name': project });
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  const handle = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(project),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project, ...known, searchAttributes: false }],
  });
  started.push(handle);
  await handle.signal(MESSAGES.watch, { version: `${project}/1`, number: 1, since: W1 });
  await eventually('who is waited for', async () =>
    (await details()).includes('MLOPS_RECORD_MISSING') ? true : undefined
  );
  expect(await windows()).toEqual([]);
  await definitions.insertOne(lost!);
  await passed(handle, W2);
  await judged(1);
});

test('a window that fails data quality suppresses its triggers, and does not count for later ones', async () => {
  await listen(1);
  await serveWeek(worker.stores, project, { from: W1, late: 8 });
  await serveWeek(worker.stores, project, { from: W2, late: 8, factor: 1.609 });
  await serveWeek(worker.stores, project, { from: W3, late: 8 });
  await shipped('2001-02-23T00:00:00Z');
  await passed(await start(), W4);
  const [, faulty, after] = await judged(3);
  expect(faulty?.dataQuality).toMatchObject({
    verdict: 'failed',
    rules: expect.arrayContaining([
      expect.objectContaining({ rule: 'distance_is_the_routes', broken: 280, limit: 0.05, verdict: 'failed' }),
    ]),
  });
  expect(faulty?.drift.find((drift) => drift.column === 'distance')?.verdict).toBe('drift');
  expect(faulty?.triggers.map(({ on, outcome }) => [on, outcome])).toEqual([
    ['bias', 'suppressed: data quality'],
    ['drift', 'suppressed: data quality'],
  ]);
  expect(after?.triggers.map(({ on, outcome }) => [on, outcome])).toEqual([['bias', 'fired']]);
});

test('poisoned signals are recorded and stop nothing', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  const handle = await start();
  await handle.signal(MESSAGES.watch);
  await handle.signal(MESSAGES.watch, { version: 1 });
  await handle.signal(MESSAGES.watch, { version: 'another/7', number: 7, since: W1 });
  await handle.signal(MESSAGES.watermark, 'rubbish');
  const refused = await eventually('four refusals', async () => {
    const all = (await worker.stores.audit.list(project)).filter((event) => event.what === 'signal refused');
    return all.length === 4 ? all : undefined;
  });
  expect(refused.map((event) => event.detail.mistake)).toContain(`watch: ${project} has no version another/7`);
  await passed(handle, W2);
  expect(await judged(1)).toHaveLength(1);
});

test('its history starts anew every so often, and no window is lost or judged twice', async () => {
  for (const from of [W1, W2, W3, W4, W5]) await serveWeek(worker.stores, project, { from });
  await shipped('2001-03-09T00:00:00Z');
  const handle = await start({ windowsPerRun: 2 });
  const { runId } = await handle.describe();
  for (const edge of [W2, W3, W4, W5, W6]) await passed(handle, edge);
  const all = await judged(5);
  expect(all.map((window) => window.period.from)).toEqual([W1, W2, W3, W4, W5]);
  await eventually('the next window', async () => ((await details()).includes(W6) ? true : undefined));
  expect((await handle.describe()).runId).not.toBe(runId);
  expect(await details()).toContain('**2001-02-01** to 2001-02-08');
  const verdicts = (await windows()).filter(({ revision }) => revision === 0);
  expect(verdicts.map(({ period }) => period.from)).toEqual([W1, W2, W3, W4, W5]);
});

test('a trigger that nobody hears is recorded all the same, and the monitor goes on', async () => {
  for (const from of [W1, W2, W3]) await serveWeek(worker.stores, project, { from, late: 8 });
  await shipped('2001-02-23T00:00:00Z');
  await passed(await start(), W2);
  const all = await judged(3);
  expect(all[1]?.triggers).toMatchObject([{ on: 'bias', outcome: 'fired' }]);
  await eventually('the word', async () => ((await details()).includes('no cycle was triggered') ? true : undefined));
  const audit = (await worker.stores.audit.list(project)).filter((event) => event.what === 'window triggered');
  expect(audit.map((event) => event.detail.window)).toEqual([`${project}/${W2}/r0`, `${project}/${W3}/r0`]);
});

test('a window that can not be judged is waited for, not passed over', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await serveWeek(worker.stores, project, { from: W2 });
  const versions = raw(worker.stores).facts('featureSet');
  const handle = await start();
  const lost = await eventually('its features', () => versions.findOneAndDelete({ _id: { $regex: project } } as never));
  // Nothing is judged before a replica is there.
  await shipped('2001-02-16T00:00:00Z');
  await passed(handle, W3);
  await eventually('the failure', async () => ((await details()).includes('MLOPS_RECORD_MISSING') ? true : undefined));
  expect(await windows()).toEqual([]);
  await versions.insertOne(lost as never);
  await passed(handle, W3);
  expect((await judged(2)).map((window) => window.period.from)).toEqual([W1, W2]);
});

test('broken records are set aside and named, and never keep a window from being judged', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  const { db } = raw(worker.stores);
  const change = (kind: string, _id: string, set: object) =>
    db.collection<{ _id: string }>(`${kind}.${project}`).updateOne({ _id }, { $set: set });
  await change('truths', '2001-02-01-v1-0#0', { value: 3 });
  await change('predictions', '2001-02-01-v1-1', { score: 'high' });
  await change('predictions', '2001-02-01-v1-2', { 'inputs.distance': 'far' });
  await shipped('2001-02-22T00:00:00Z');
  await passed(await start(), W2);
  const [window] = await judged(1);
  expect(window).toMatchObject({
    rows: 278,
    setAside: {
      records: 3,
      examples: [
        { prediction: '2001-02-01-v1-0', why: 'its truth is not 0 or 1' },
        { prediction: '2001-02-01-v1-1', why: 'its score is not within 0 and 1' },
        { prediction: '2001-02-01-v1-2', why: 'its input distance is not a number' },
      ],
    },
  });
  await eventually('its line', async () =>
    (await details()).includes('3 broken records set aside') ? true : undefined
  );
});

test('the version that answered most of a window is the one that is judged', async () => {
  const definition = watchedFlights(project);
  await registerWatched(worker.stores, definition, 2).catch(() => undefined);
  await serveWeek(worker.stores, project, { from: W1, version: 2 });
  await serveWeek(worker.stores, project, { from: W2, version: 1 });
  await shipped('2001-02-16T00:00:00Z');
  await passed(await start(), W3);
  expect((await judged(2)).map((window) => window.version)).toEqual([2, 1]);
});

test('truth that comes after the verdict makes revision 1, once its time is over; the verdict stays', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  const [verdict] = await judged(1);
  expect(verdict).toMatchObject({ truths: 266, revision: 0 });

  // Truth is waited for 14 days after a window's end.
  await shipped('2001-02-22T02:00:00Z');
  await passed(handle, W4);
  const corrected = await eventually('a correction', async () =>
    (await windows()).find(({ revision }) => revision === 1)
  );
  expect(corrected).toMatchObject({ period: { from: W1 }, truths: 280, asOf: W4, definition: verdict?.definition });
  await eventually('its line', async () => ((await details()).includes('revision 1; 280 rows') ? true : undefined));

  // The next ones have no rows: nobody asked, so there is nothing to judge or to correct.
  await shipped('2001-03-01T02:00:00Z');
  await passed(handle, W5);
  await eventually('the next window', async () => ((await details()).includes(`**${W5}**`) ? true : undefined));
  const all = await windows();
  expect(all.map(({ period, revision }) => `${period.from.slice(5, 10)} r${revision}`).sort()).toEqual([
    '02-01 r0',
    '02-01 r1',
  ]);
  expect(all.find(({ revision, period }) => revision === 0 && period.from === W1)).toEqual(verdict);
});

test('a monitor that begins anew corrects what the one before it has left', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  const lost = await start();
  await passed(lost, W2);
  await judged(1);
  await lost.terminate();

  await shipped('2001-02-22T02:00:00Z');
  await start({}, W2);
  const corrected = await eventually('a correction', async () =>
    (await windows()).find(({ revision }) => revision === 1)
  );
  expect(corrected).toMatchObject({ period: { from: W1 }, truths: 280 });
});

test('nobody has a window judged, corrected or counted late before it is due: not the monitor’s own id either', async () => {
  await serveWeek(worker.stores, project, { from: W1, covered: 0.5 });
  const definition = watchedFlights(project);
  await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  const activities = monitorActivities(worker.deps);
  const window = { project, definition: known.definition, period: { from: W1, to: W2 } };
  const monitor = <T>(call: () => Promise<T>) => asWorkflow(monitorId(project), call);
  const judge = () => monitor(() => activities.mlopsJudgeWindow({ ...window }));
  const correct = () => monitor(() => activities.mlopsCorrectWindow({ project, period: window.period }));
  const countLate = () => monitor(() => activities.mlopsCountLate({ ...window, at: W1, before: W6 }));
  const refused = { code: 'MLOPS_NOT_AUTHORIZED' };

  // A replica that nobody else sees live: what it has shipped is known all the same.
  const clock = (time: string) =>
    report(worker.stores, project, 'r1', { revision: 1, shippedTo: time, silentForMs: 60_000 });
  await expect(judge()).rejects.toMatchObject(refused);
  await clock('2001-02-07T23:59:59.999Z');
  await expect(judge()).rejects.toMatchObject(refused);
  // Without a verdict before it, it is no late one's.
  await countLate();
  await clock(W2);
  await expect(judge()).rejects.toMatchObject(refused);
  expect(await windows()).toEqual([]);
  await clock('2001-02-21T23:59:59.999Z');
  await expect(judge()).rejects.toMatchObject(refused);
  await serveWeek(worker.stores, project, { from: W1 });
  await judge();
  await expect(correct()).rejects.toMatchObject(refused);
  const late = () =>
    monitor(() => activities.mlopsCountLate({ ...window, at: '2001-02-22T00:00:00.000Z', before: W6 }));
  await expect(late()).rejects.toMatchObject(refused);
  expect(await windows()).toMatchObject([{ asOf: '2001-02-08T12:30:00.000Z', truths: 266, revision: 0 }]);
  await clock(W4);
  await correct();
  expect((await windows()).slice(1)).toMatchObject([{ asOf: W4, truths: 280, revision: 1 }]);
});

test('a correction runs twice and is there once', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  await passed(await start(), W2);
  await judged(1);
  await shipped('2001-02-22T00:00:00Z');
  const activities = monitorActivities(worker.deps);
  const correct = () =>
    asWorkflow(monitorId(project), () => activities.mlopsCorrectWindow({ project, period: { from: W1, to: W2 } }));
  const [one, other] = await Promise.all([correct(), correct()]);
  expect(one).toEqual({ line: expect.stringContaining('revision 1; 280 rows') });
  expect(other).toEqual(one);
  expect(await correct()).toEqual(one);
  expect(await windows()).toHaveLength(2);
  const told = { what: 'window corrected', project };
  expect(await raw(worker.stores).db.collection('audit').countDocuments(told)).toBe(1);
});

test('a jump of years passes its empty windows in one step, and stops where somebody asked', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await serveWeek(worker.stores, project, { from: '2011-02-03T00:00:00.000Z' });
  await shipped('2024-02-01T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  const all = await judged(2);
  expect(all.map(({ period }) => period.from)).toEqual([W1, '2011-02-03T00:00:00.000Z']);
  await eventually('the next', async () => ((await details()).includes('**2024-02-01T') ? true : undefined));
  // What was counted again later is a revision of one of the two.
  expect((await windows()).filter(({ revision }) => revision === 0)).toHaveLength(2);
  expect(await details()).toContain('- **2001-02-08** to 2011-02-03: no requests');
  const { events } = await handle.fetchHistory();
  const looks = events?.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'mlopsWindowReady'
  );
  expect(looks?.length).toBeLessThan(10);
});

test('a person sets the clock back: windows that were judged too early get a revision, and what fired stays', async () => {
  await raw(worker.stores).endpoints.insertOne({ _id: project, v: 1, project, revision: 1, watch: WATCH } as never);
  // One caller's clock closed the week when half of it was there.
  await serveWeek(worker.stores, project, { from: W1, late: 8, days: 3 });
  await shipped('2020-01-01T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  const [early] = await judged(1);
  expect(early).toMatchObject({ rows: 120, revision: 0 });
  await eventually('the next', async () => ((await details()).includes('**2019-12-26T') ? true : undefined));

  const set = { id: 'back', by: 'ana', at: '2001-02-04T00:00:00Z' };
  const update = () =>
    handle.executeUpdate<OperatorAnswer, [ClockMessage]>(MESSAGES.setClock, { args: [set], updateId: 'back' });
  expect(await update()).toMatchObject({ outcome: 'accepted' });
  expect(await update()).toMatchObject({ outcome: 'accepted' });
  expect((await raw(worker.stores).endpoints.findOne({ _id: project }))?.clock).toEqual({ epoch: 1, at: set.at });
  await eventually('it waits for the week', async () =>
    (await details()).includes(`event time past ${W2}`) ? true : undefined
  );
  const told = (await worker.stores.audit.list(project)).filter(({ what }) => what === 'event clock set');
  expect(told).toMatchObject([{ by: 'ana', detail: { at: set.at, epoch: 1 } }]);

  await serveWeek(worker.stores, project, { from: W1, late: 8 });
  await shipped('2001-02-09T00:00:00Z', 1);
  await passed(handle, W2);
  const revised = await eventually('a revision', async () => (await windows()).find(({ revision }) => revision === 1));
  expect(revised).toMatchObject({ period: { from: W1 }, rows: 280, clockEpoch: 1, triggers: early?.triggers });
});

test('truth that comes once a leapt clock was set back is counted, of windows that were over by then, too', async () => {
  await raw(worker.stores).endpoints.insertOne({ _id: project, v: 1, project, revision: 1, watch: WATCH } as never);
  await serveWeek(worker.stores, project, { from: W1, covered: 0.5 });
  await shipped('2020-01-01T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  expect(await judged(1)).toMatchObject([{ truths: 140, asOf: W4 }]);
  const set = { id: 'back', by: 'ana', at: '2001-02-10T00:00:00Z' };
  await handle.executeUpdate<OperatorAnswer, [ClockMessage]>(MESSAGES.setClock, { args: [set], updateId: 'back' });
  await eventually('it waits for the second week', async () =>
    (await details()).includes(`event time past ${W3}`) ? true : undefined
  );

  const prediction = '2001-02-07-v1-39';
  const truth = { _id: `${prediction}#0`, v: 1, prediction, revision: 0, value: 1 } as const;
  const knownAt = new Date('2001-02-11T00:00:00Z');
  await recordWriter(worker.stores, project).insertTruths([{ ...truth, knownAt, receivedAt: new Date() }]);
  expect(await marks()).toEqual([]);
  await shipped('2001-02-22T00:00:00Z', 1);
  await passed(handle, W4);
  const revised = await eventually('a revision', async () => (await windows()).find(({ revision }) => revision === 1));
  expect(revised).toMatchObject({ period: { from: W1 }, truths: 141, asOf: W4, clockEpoch: 1 });
});

test('the clock is set by what the monitor was sent, and by nothing else', async () => {
  await raw(worker.stores).endpoints.insertOne({ _id: project, v: 1, project, revision: 1, watch: WATCH } as never);
  const activities = monitorActivities(worker.deps);
  const forged = new MockActivityEnvironment().run(() => activities.mlopsSetClock({ project, updateId: 'forged' }));
  await expect(forged).rejects.toMatchObject({ code: 'MLOPS_NOT_AUTHORIZED' });
  const handle = await start();
  const bad = { id: 'x', by: 'ana', at: 'yesterday' };
  await expect(handle.executeUpdate(MESSAGES.setClock, { args: [bad] })).rejects.toMatchObject({
    name: 'WorkflowUpdateFailedError',
  });
  const future = { id: 'y', by: 'ana', at: '9000-01-01T00:00:00Z' };
  expect(await handle.executeUpdate(MESSAGES.setClock, { args: [future] })).toMatchObject({ outcome: 'refused' });
  expect((await raw(worker.stores).endpoints.findOne({ _id: project }))?.clock).toBeUndefined();
});

/** An endpoint whose clock stands there. */
async function clockAt(time: string): Promise<void> {
  const served = { _id: project, v: 1, project, revision: 1, watch: WATCH };
  await raw(worker.stores).endpoints.insertOne(served as never);
  await advanceClock(worker.stores, project, { epoch: 0, highest: new Date(time) });
}

/** Days that are marked. */
async function marks(): Promise<string[]> {
  const hours = await lateHours(worker.stores, project, { before: '9999' });
  return [...new Set(hours.map(({ from }) => from.slice(0, 10)))];
}

test('predictions that come after their window was corrected revise it; what it triggered stays', async () => {
  for (const from of [W1, W2, W3]) await serveWeek(worker.stores, project, { from, late: 8 });
  await shipped('2001-03-09T00:00:00Z');
  const handle = await start();
  await passed(handle, W6);
  await eventually('all corrections', async () =>
    (await windows()).filter(({ revision }) => revision === 1).length === 3 ? true : undefined
  );
  const fired = (await windows()).find(({ period, revision }) => period.from === W2 && revision === 1);
  expect(fired?.triggers).toMatchObject([{ on: 'bias', outcome: 'fired' }]);
  await rests(handle);

  // A replica that was away ships what it answered then, with its truth, and a day that is not over.
  await clockAt('2001-03-09T00:00:00Z');
  await serveWeek(worker.stores, project, { from: W2, days: 2, late: 8, name: 'away-' });
  await serveWeek(worker.stores, project, { from: '2001-03-09T00:00:00.000Z', days: 1 });
  expect(await marks()).toEqual(['2001-02-08', '2001-02-09']);
  await passed(handle, W6);
  const revised = await eventually('a revision', async () => (await windows()).find(({ revision }) => revision === 2));
  expect(revised).toMatchObject({ period: { from: W2 }, rows: 360, truths: 360, triggers: fired?.triggers });
  await eventually('its line', async () => ((await details()).includes('revision 2; 360 rows') ? true : undefined));
  expect(await marks()).toEqual([]);
  const told = (await worker.stores.audit.list(project)).filter(
    ({ detail }) => detail.window === `${project}/${W2}/r2`
  );
  expect(told).toMatchObject([{ what: 'window corrected', detail: { rows: { before: 280, now: 360 } } }]);

  // What is shipped once more is there already, and changes nothing.
  await serveWeek(worker.stores, project, { from: W2, days: 2, late: 8, name: 'away-' });
  await passed(handle, W6);
  await eventually('the look', async () => ((await marks()).length === 0 ? true : undefined));
  expect((await windows()).filter(({ period }) => period.from === W2)).toHaveLength(3);
});

test('late predictions of a week in which nobody had asked are judged, and trigger nothing; before the first window they are kept', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await serveWeek(worker.stores, project, { from: W3 });
  await shipped('2001-02-23T00:00:00Z');
  const handle = await start();
  await passed(handle, W4);
  await eventually('the first week’s correction', async () => (await windows()).find(({ revision }) => revision === 1));
  await eventually('the verdict on the third', async () => (await windows()).find(({ period }) => period.from === W3));
  await rests(handle);
  await clockAt('2001-02-23T00:00:00Z');
  await serveWeek(worker.stores, project, { from: W2, factor: 5, covered: 0.5 });
  await serveWeek(worker.stores, project, { from: '2000-02-03T00:00:00.000Z', days: 1 });
  expect(await marks()).toContain('2000-02-03');
  await passed(handle, W4);
  await eventually('its verdict', async () => ((await marks()).length === 0 ? true : undefined));
  const late = async () => (await windows()).filter(({ period }) => period.from < W3 && period.from !== W1);
  const [verdict] = await late();
  expect(await late()).toMatchObject([{ period: { from: W2 }, revision: 0, rows: 280, truths: 140, triggers: [] }]);
  expect(verdict?.drift.find(({ column }) => column === 'distance')?.verdict).toBe('drift');
  expect(verdict?.asOf).toBe('2001-02-23T00:00:00.000Z');

  // Truth is waited for 14 days after its end, as for any other: one that comes in that time is not late.
  const prediction = '2001-02-14-v1-39';
  const truth = { _id: `${prediction}#0`, v: 1, prediction, revision: 0, value: 1 } as const;
  const knownAt = new Date('2001-02-27T00:00:00Z');
  await recordWriter(worker.stores, project).insertTruths([{ ...truth, knownAt, receivedAt: new Date() }]);
  expect(await marks()).toEqual([]);
  await shipped('2001-03-02T00:00:00Z');
  await passed(handle, W5);
  const revised = await eventually('a revision', async () => (await late()).find(({ revision }) => revision === 1));
  expect(revised).toMatchObject({ period: { from: W2 }, rows: 280, truths: 141, asOf: W5, triggers: [] });
});

test('of windows of six hours those are counted again that records came late for, and no others of the day', async () => {
  for (const from of [W1, '2001-02-03T00:00:00.000Z']) await serveWeek(worker.stores, project, { from, days: 1 });
  await shipped('2001-02-05T00:00:00Z');
  const handle = await start({}, W1, { period: { every: '6 hours' }, truthDelay: { event: '1 day' } });
  await passed(handle, W2);
  const verdicts = await judged(8);
  expect(verdicts.slice(0, 4).map(({ period, rows }) => [period.from.slice(0, 16), rows])).toEqual([
    ['2001-02-01T00:00', 12],
    ['2001-02-01T06:00', 12],
    ['2001-02-01T12:00', 12],
    ['2001-02-01T18:00', 4],
  ]);
  await rests(handle);
  await clockAt('2001-02-05T00:00:00Z');
  await serveWeek(worker.stores, project, { from: '2001-02-01T13:00:00.000Z', days: 1, name: 'late-' });
  await passed(handle, W2);
  await eventually('all of them', async () => ((await marks()).length === 0 ? true : undefined));
  expect(
    (await windows()).slice(8).map(({ period, revision, rows }) => [period.from.slice(0, 16), revision, rows])
  ).toEqual([
    ['2001-02-01T12:00', 1, 22],
    ['2001-02-01T18:00', 1, 16],
    ['2001-02-02T00:00', 0, 12],
    ['2001-02-02T06:00', 0, 6],
  ]);
  await eventually('the lines', async () =>
    (await details()).includes('- **2001-02-01T12:00Z** to 2001-02-01T18:00Z: revision 1; 22 rows') ? true : undefined
  );
});

test('a trickle of late predictions makes one revision a look, however many come', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-03-02T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  await eventually('a correction', async () => (await windows()).find(({ revision }) => revision === 1));
  await rests(handle);
  await clockAt('2001-03-02T00:00:00Z');
  for (let batch = 0; batch < 20; batch += 1)
    await serveWeek(worker.stores, project, { from: W1, days: 1, name: `late-${batch}-` });
  await passed(handle, W2);
  await eventually('its revision', async () => ((await marks()).length === 0 ? true : undefined));
  expect(await windows()).toMatchObject([{ revision: 0 }, { revision: 1 }, { revision: 2, rows: 280 + 20 * 40 }]);
});

test('a truth that was known in time and comes after all revises its window', async () => {
  await serveWeek(worker.stores, project, { from: W1, covered: 0.5 });
  await shipped('2001-03-02T00:00:00Z');
  const handle = await start();
  await passed(handle, W2);
  expect(await judged(1)).toMatchObject([{ truths: 140, asOf: W4 }]);
  await clockAt('2001-03-02T00:00:00Z');
  await serveWeek(worker.stores, project, { from: W1 });
  await eventually('the next', async () => ((await details()).includes(`**${W5}**`) ? true : undefined));
  await passed(handle, W2);
  const revised = await eventually('a revision', async () => (await windows()).find(({ revision }) => revision === 1));
  expect(revised).toMatchObject({ truths: 280, asOf: W4 });
});

test('a monitor that somebody ended and that is asked for again judges at once what is overdue', async () => {
  await serveWeek(worker.stores, project, { from: W1 });
  await shipped('2001-02-09T00:00:00Z');
  const ended = await start();
  await passed(ended, W2);
  await judged(1);
  await ended.terminate();
  for (const from of [W2, W3]) await serveWeek(worker.stores, project, { from });
  await shipped('2001-03-02T00:00:00Z');
  const champion = { version: `${project}/1`, number: 1 };
  const served = { _id: project, v: 1, project, revision: 1, watch: WATCH, champion };
  await raw(worker.stores).endpoints.insertOne(served as never);
  const asked = new MockActivityEnvironment(
    { workflowExecution: { workflowId: lifecycleId(project), runId: 'run' }, taskQueue: worker.taskQueue },
    { client: worker.client }
  );
  await asked.run(() => monitorActivities(worker.deps).mlopsEnsureMonitor({ project }));
  // Nobody says that an edge is passed.
  const verdicts = await eventually('the overdue windows', async () => {
    const all = (await windows()).filter(({ revision }) => revision === 0);
    return all.length === 3 ? all : undefined;
  });
  expect(verdicts.map(({ period }) => period.from)).toEqual([W1, W2, W3]);
});

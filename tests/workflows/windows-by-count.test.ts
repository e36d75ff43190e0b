/** Windows of so many predictions, on the real servers: where each ends, and that it stays there. */
import type { WorkflowHandle } from '@temporalio/client';
import { monitorActivities } from '../../src/activities/monitor';
import type { EndpointWatch } from '../../src/domain/endpoint';
import { monitorId } from '../../src/domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer } from '../../src/domain/messages';
import type { WindowBody } from '../../src/domain/monitoring';
import { advanceClock } from '../../src/stores/clocks';
import type { monitor } from '../../src/workflows/monitor';
import { report } from '../stores/served';
import { asWorkflow } from '../support/as-workflow';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { type EndpointWorker, startEndpointWorker } from './endpoint-worker';
import { rests } from './rests';
import { registerWatched, serveWeek, watchedFlights } from './served-flights';

const FROM = '2001-02-01T00:00:00.000Z';
const ROWS = 79;
const windows = { rows: ROWS };

let worker: EndpointWorker;
let projects = 0;
let project: string;
const started: WorkflowHandle[] = [];

beforeAll(async () => {
  worker = await startEndpointWorker('by-count');
});
afterAll(async () => {
  await Promise.all(started.map((handle) => handle.terminate().catch(() => undefined)));
  await worker.stop();
});
beforeEach(() => {
  projects += 1;
  project = `by-count-${projects}-${Date.now().toString(36)}`;
});

const defined = (truthDelay = '1 day') => {
  const flights = watchedFlights(project);
  return { ...flights, monitoring: { ...flights.monitoring, period: windows, truthDelay: { event: truthDelay } } };
};

async function start(truthDelay?: string): Promise<WorkflowHandle<typeof monitor>> {
  const definition = defined(truthDelay);
  const version = await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  const handle = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(project),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project, ...known, searchAttributes: false }],
  });
  started.push(handle);
  await handle.signal(MESSAGES.watch, { version: version.id, number: 1, since: FROM });
  return worker.client.workflow.getHandle<typeof monitor>(monitorId(project));
}

/** Each replica counts as live for ten minutes more, however slow the machine. */
async function shipped(times: Readonly<Record<string, string>>, clockEpoch = 0): Promise<void> {
  for (const [replica, shippedTo] of Object.entries(times))
    await report(worker.stores, project, replica, { revision: 1, shippedTo, clockEpoch, silentForMs: -600_000 });
}

const look = (handle: WorkflowHandle) =>
  handle.signal(MESSAGES.watermark, { endpoint: project, watermark: FROM, edge: FROM, reason: 'passed' });

async function judged(): Promise<WindowBody[]> {
  const facts = raw(worker.stores).facts('window').find({ 'body.endpoint': project }).sort({ 'made.at': 1 });
  return (await facts.toArray()).map((fact) => fact.body);
}

const verdicts = async () => (await judged()).filter(({ revision }) => revision === 0);

const ranges = (all: readonly WindowBody[]) =>
  all.map(({ period, revision, rows }) => [period.from, period.to, revision, rows]);

async function shows(text: string): Promise<void> {
  await eventually(`the words: ${text}`, async () => {
    const handle = worker.client.workflow.getHandle(monitorId(project));
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return currentDetails.includes(text) ? true : undefined;
  });
}

const FIRST = [FROM, '2001-02-01T19:30:00.001Z'] as const;
const SECOND = [FIRST[1], '2001-02-03T19:00:00.001Z'] as const;

test('each ends just after its last prediction, those of one time together, once the slowest replica has passed that', async () => {
  // Forty times a day; on the first day two predictions at each: the 79th has a twin.
  await serveWeek(worker.stores, project, { from: FROM });
  await serveWeek(worker.stores, project, { from: FROM, days: 1, name: 'twin-' });
  await shipped({ r1: '2001-02-20T00:00:00Z', r2: '2001-02-03T19:00:00Z' });
  const handle = await start();
  await shows('predictions: 78 of the 79 of this window are there; the watermark is 2001-02-03T19:00:00.000Z');
  expect(ranges(await verdicts())).toEqual([[...FIRST, 0, 80]]);
  await shipped({ r2: '2001-02-03T19:00:00.001Z' });
  await look(handle);
  // 158 of 320: two more whole windows.
  await shipped({ r2: '2001-02-20T00:00:00Z' });
  await look(handle);
  await shows('predictions: 3 of the 79 of this window are there');
  const all = await verdicts();
  expect(ranges(all).slice(0, 2)).toEqual([
    [...FIRST, 0, 80],
    [...SECOND, 0, 79],
  ]);
  expect(all.map(({ rows }) => rows)).toEqual([80, 79, 79, 79]);
  const edges = all.map(({ period }) => period);
  expect(edges.slice(1).map(({ from }) => from)).toEqual(edges.slice(0, -1).map(({ to }) => to));
});

test('one that waits for its truth keeps its end, though earlier predictions come late; both are judged as they are', async () => {
  await serveWeek(worker.stores, project, { from: FROM, covered: 0.5 });
  await shipped({ r1: '2001-02-04T00:00:00Z' });
  const handle = await start('14 days');
  const end = '2001-02-02T19:00:00.001Z';
  await shows(`- window: **${FROM}** to ${end}`);
  await serveWeek(worker.stores, project, { from: FROM, days: 1, name: 'late-' });
  await serveWeek(worker.stores, project, { from: FROM });
  await look(handle);
  await shows(`- window: **${end}** to `);
  expect(ranges(await judged())).toEqual([[FROM, end, 0, 119]]);
});

test('a late record revises its window, whose end stays; so does a clock that a person has set back', async () => {
  const watch: EndpointWatch = {
    period: windows,
    allowedLatenessMs: 0,
    truthCoverage: 0.9,
    truthDelayMs: 86_400_000,
    knownBy: FROM,
    withoutEventTime: 'now',
  };
  await raw(worker.stores).endpoints.insertOne({ _id: project, v: 1, project, revision: 1, watch } as never);
  await serveWeek(worker.stores, project, { from: FROM });
  await shipped({ r1: '2001-02-20T00:00:00Z' });
  const handle = await start();
  await shows('predictions: 43 of the 79');
  await rests(handle);
  const first = (await verdicts()).map(({ period }) => period);
  expect(first).toHaveLength(3);
  await advanceClock(worker.stores, project, { epoch: 0, highest: new Date('2001-02-20T00:00:00Z') });
  await serveWeek(worker.stores, project, { from: '2001-02-02T00:00:00.000Z', days: 1, name: 'late-' });
  await look(handle);
  const revised = (rows: number) =>
    eventually(`${rows} rows`, async () => (await judged()).find((window) => window.rows === rows));
  // All of the day but one, which is after the first window's end.
  expect((await revised(79 + 39)).period).toEqual(first[0]);
  expect((await revised(79 + 1)).period).toEqual(first[1]);
  await rests(handle);

  const set = { id: 'back', by: 'ana', at: '2001-02-02T12:00:00Z' };
  await handle.executeUpdate<OperatorAnswer, [ClockMessage]>(MESSAGES.setClock, { args: [set], updateId: 'back' });
  await shows(`event time past ${first[0]?.to}`);
  await serveWeek(worker.stores, project, { from: FROM, days: 1, name: 'more-' });
  await shipped({ r1: '2001-02-20T00:00:00Z' }, 1);
  await look(handle);
  await shows('predictions: 43 of the 79');
  expect((await revised(79 + 39 + 40)).period).toEqual(first[0]);
  const ends = new Map((await judged()).map(({ period }) => [period.from, period.to]));
  expect([...ends]).toEqual(first.map(({ from, to }) => [from, to]));
});

test('an attempt that runs twice, or after the verdict, gives the recorded range', async () => {
  await serveWeek(worker.stores, project, { from: FROM });
  await shipped({ r1: '2001-02-20T00:00:00Z' });
  const { definition } = await registeredDefinition(worker.stores, defined());
  await registerWatched(worker.stores, defined());
  const activities = monitorActivities(worker.deps);
  const asked = { project, definition, from: FROM, epoch: 0, countedTo: FROM };
  const ready = () =>
    asWorkflow(monitorId(project), () => activities.mlopsWindowReady(asked)) as Promise<{
      window: { from: string; to: string };
    }>;
  const [one, other] = [await ready(), await ready()];
  expect(other).toEqual(one);
  const judge = (to: string) =>
    asWorkflow(monitorId(project), () =>
      activities.mlopsJudgeWindow({ project, definition, period: { from: FROM, to } })
    );
  const [first, second] = await Promise.all([judge(one.window.to), judge(one.window.to)]);
  expect(second).toEqual(first);
  await serveWeek(worker.stores, project, { from: FROM, days: 1, name: 'late-' });
  expect((await ready()).window).toEqual(one.window);
  expect((await judge('2001-02-01T12:00:00.000Z')).period).toEqual(one.window);
});

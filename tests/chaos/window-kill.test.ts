/** A worker killed when a window's verdict was written, before the lifecycle was told of its trigger. */
import { lifecycleId, monitorId } from '../../src/domain/ids';
import { MESSAGES, type Trigger } from '../../src/domain/messages';
import { report } from '../stores/served';
import { eventually } from '../support/eventually';
import { openSystem, type TestSystem } from '../support/system';
import { spawnWorker, type WorkerProcess } from '../support/worker-process';
import { registerWatched, serveWeek, watchedFlights } from '../workflows/served-flights';
import { raw } from '../support/raw-records';

const WEEKS = [
  ['2001-02-01T00:00:00.000Z', 12],
  ['2001-02-08T00:00:00.000Z', 8],
  ['2001-02-15T00:00:00.000Z', 8],
] as const;

let system: TestSystem;
let worker: WorkerProcess | undefined;
const project = `window-kill-${Date.now().toString(36)}`;
const handle = (workflowId: string) => system.client.temporal.workflow.getHandle(workflowId);

beforeAll(async () => {
  system = await openSystem('window-kill');
});
afterAll(async () => {
  for (const workflowId of [monitorId(project), lifecycleId(project)])
    await handle(workflowId)
      .terminate()
      .catch(() => undefined);
  await worker?.kill();
  await system.close();
});

const windows = () => raw(system.stores).facts('window').find({ 'body.endpoint': project }).toArray();

test('the next worker finds the verdict, and the lifecycle hears of its trigger', async () => {
  const definition = watchedFlights(project);
  const version = await registerWatched(system.stores, definition);
  for (const [from, late] of WEEKS) await serveWeek(system.stores, project, { from, late });
  await report(system.stores, project, 'r1', {
    revision: 1,
    shippedTo: '2001-02-23T00:00:00Z',
    silentForMs: -600_000,
  });
  const start = (workflowId: string) =>
    system.client.temporal.workflow.start('monitor', {
      workflowId,
      taskQueue: system.taskQueue,
      args: [{ v: 1, project, definition, searchAttributes: false }],
    });
  // In the lifecycle's place is a workflow that does nothing: what it was sent is in its history.
  await start(lifecycleId(project));
  const monitor = await start(monitorId(project));
  worker = spawnWorker(system, { crashAt: 'window:committed#3' });
  await monitor.signal(MESSAGES.watch, { version: version.id, number: 1, since: WEEKS[0][0] });
  expect(await worker.ended).toBe('SIGKILL');
  const verdicts = await windows();
  expect(verdicts).toHaveLength(3);
  expect(await heard()).toEqual([]);

  worker = spawnWorker(system);
  const [trigger, ...more] = await eventually('the trigger', async () => {
    const triggers = await heard();
    return triggers.length > 0 ? triggers : undefined;
  });
  expect(trigger?.id).toBe(`${project}/${WEEKS[2][0]}/r0/bias`);
  expect(more).toEqual([]);
  expect(await windows()).toEqual(verdicts);
  const told = (await system.stores.audit.list(project)).filter(({ what }) => what === 'window triggered');
  expect(told).toHaveLength(1);
});

async function heard(): Promise<Trigger[]> {
  const { events } = await handle(lifecycleId(project)).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    signal?.signalName === MESSAGES.trigger
      ? [JSON.parse(Buffer.from(signal.input?.payloads?.[0]?.data ?? []).toString()) as Trigger]
      : []
  );
}

/** What people are sent of a window: a trigger that fired, one that was suppressed, broken records, many truths of nobody. Not of a quiet one. */
import type { WorkflowHandle } from '@temporalio/client';
import { lifecycleId, monitorId, windowId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import type { Notice } from '../../src/domain/notice';
import type { monitor } from '../../src/workflows/monitor';
import { recordWriter } from '../../src/stores/predictions';
import { startReceiver } from '../notify/receiver';
import { report } from '../stores/served';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { type EndpointWorker, startEndpointWorker } from './endpoint-worker';
import { registerWatched, serveWeek, watchedFlights } from './served-flights';

const [W1, W2, W3, W4, W5] = [
  '2001-02-01T00:00:00.000Z',
  '2001-02-08T00:00:00.000Z',
  '2001-02-15T00:00:00.000Z',
  '2001-02-22T00:00:00.000Z',
  '2001-03-01T00:00:00.000Z',
] as const;

const project = `news-${Date.now().toString(36)}`;
let worker: EndpointWorker;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
const started: WorkflowHandle[] = [];
beforeAll(async () => {
  worker = await startEndpointWorker('monitor-notices');
  receiver = await startReceiver((response) => response.writeHead(200).end());
});
afterAll(async () => {
  await Promise.all(started.map((handle) => handle.terminate().catch(() => undefined)));
  await worker.stop();
  await receiver.stop();
});

const notices = (): Notice[] => receiver.received.map(({ body }) => JSON.parse(body) as Notice);
const noticeOf = (from: string): Promise<Notice> =>
  eventually(`the notice of ${from}`, async () => notices().find(({ kind }) => kind === `window ${from}`));

test('a trigger that fired and one that was suppressed are sent, each once; a window without news is not', async () => {
  const definition = { ...watchedFlights(project), notifiers: [{ webhook: { url: receiver.url } }] };
  const version = await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  const lifecycle = { workflowId: lifecycleId(project), taskQueue: worker.taskQueue, args: [2] };
  started.push(await worker.client.workflow.start('listener', lifecycle));
  for (const [from, late] of [
    [W1, 12],
    [W2, 8],
    [W3, 8],
    [W4, 8],
  ] as const)
    await serveWeek(worker.stores, project, { from, late });
  await report(worker.stores, project, 'r1', { revision: 1, shippedTo: '2001-03-02T00:00:00Z', silentForMs: -600_000 });
  const handle = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(project),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project, ...known, searchAttributes: false }],
  });
  started.push(handle);
  await handle.signal(MESSAGES.watch, { version: version.id, number: 1, since: W1 });
  await handle.signal(MESSAGES.watermark, { endpoint: project, watermark: W5, edge: W5, reason: 'passed' });

  // W1 has no gap, W2 is the first of two breaches that the rule needs.
  expect(await noticeOf(W3)).toMatchObject({
    project,
    workflowId: monitorId(project),
    details: [expect.stringMatching(/^window 2001-02-15: bias, fired: .*in 2 of the last 3 windows/)],
  });
  const suppressed = await noticeOf(W4);
  expect(suppressed.text).toMatch(/^window 2001-02-22: bias, suppressed: cool-down: /);
  expect(
    notices()
      .map(({ kind }) => kind)
      .sort()
  ).toEqual([`window ${W3}`, `window ${W4}`]);
});

test('records that were set aside are sent, and truths that match no prediction once many of them came since the window before', async () => {
  const other = `${project}-b`;
  const definition = { ...watchedFlights(other), notifiers: [{ webhook: { url: receiver.url } }] };
  const version = await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  for (const from of [W1, W2, W3, W4]) await serveWeek(worker.stores, other, { from });
  const predictions = raw(worker.stores).db.collection<{ _id: string }>(`predictions.${other}`);
  const broken = (day: string) => predictions.updateOne({ _id: `${day}-v1-1` }, { $set: { score: 'high' } });
  await broken('2001-02-01');
  await broken('2001-02-22');
  const ofNobody = (count: number, name: string) =>
    recordWriter(worker.stores, other).insertTruths(
      Array.from({ length: count }, (_, row) => ({
        _id: `${name}-${row}#0`,
        v: 1 as const,
        prediction: `${name}-${row}`,
        revision: 0,
        value: 1,
        knownAt: new Date(W1),
        receivedAt: new Date(),
      }))
    );
  await report(worker.stores, other, 'r1', { revision: 1, shippedTo: '2001-03-02T00:00:00Z', silentForMs: -600_000 });
  const handle = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(other),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project: other, ...known, searchAttributes: false }],
  });
  started.push(handle);
  await handle.signal(MESSAGES.watch, { version: version.id, number: 1, since: W1 });
  const judged = async (from: string, edge: string): Promise<void> => {
    await handle.signal(MESSAGES.watermark, { endpoint: other, watermark: edge, edge, reason: 'passed' });
    await eventually(`the window of ${from}`, async () =>
      (await worker.stores.facts.find('window', windowId(other, from, 0))) === null ? undefined : true
    );
  };
  const sent = () => notices().filter((notice) => notice.project === other);
  const sentOf = (from: string) =>
    eventually(`the notice of ${from}`, async () => sent().find(({ kind }) => kind === `window ${from}`));

  // Not many: of the second window nothing is sent.
  await ofNobody(19, 'a');
  await judged(W1, W2);
  expect((await sentOf(W1)).text).toBe('window 2001-02-01: 1 broken records set aside');
  await judged(W2, W3);
  await ofNobody(20, 'b');
  await judged(W3, W4);
  expect((await sentOf(W3)).text).toBe(
    `20 truths since the window before match no prediction, or contradict one: mlops ls truths ${other} --unmatched`
  );
  // The same ones again, and a few more: they were in a notice, or are not many.
  await ofNobody(20, 'b');
  await ofNobody(19, 'c');
  await judged(W4, W5);
  expect((await sentOf(W4)).details).toEqual(['window 2001-02-22: 1 broken records set aside']);
  expect(sent().map(({ kind }) => kind)).toEqual([`window ${W1}`, `window ${W3}`, `window ${W4}`]);
});

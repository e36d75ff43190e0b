/** A monitor's run takes so many messages, then a new one begins; while none can begin, it refuses before Temporal does. */
import type { WorkflowHandle } from '@temporalio/client';
import { monitorId } from '../../src/domain/ids';
import { type ClockMessage, MESSAGES, type OperatorAnswer } from '../../src/domain/messages';
import type { monitor } from '../../src/workflows/monitor';
import { eventually } from '../support/eventually';
import { inTurns } from '../support/flood';
import { raw } from '../support/raw-records';
import { registeredDefinition } from '../support/registered-definition';
import { type EndpointWorker, startEndpointWorker } from './endpoint-worker';
import { registerWatched, watchedFlights } from './served-flights';

const SINCE = '2001-02-01T00:00:00.000Z';

let worker: EndpointWorker;
let handle: WorkflowHandle<typeof monitor>;
let project: string;
beforeAll(async () => {
  worker = await startEndpointWorker('messages');
  project = `messages-${Date.now().toString(36)}`;
});
afterAll(async () => {
  await handle.terminate().catch(() => undefined);
  await worker.stop();
});

/** Times in the future, which are no event time: each is answered with a refusal. */
function set(index: number, by: string): Promise<OperatorAnswer> {
  const message = { id: `${by}-${index}`, by, at: '9000-01-01T00:00:00Z' };
  return handle.executeUpdate<OperatorAnswer, [ClockMessage]>(MESSAGES.setClock, { args: [message] });
}

test('one sender is refused where the run can’t give way, others are heard; once it can, it gives way and hears all', async () => {
  const definition = watchedFlights(project);
  const version = await registerWatched(worker.stores, definition);
  const known = await registeredDefinition(worker.stores, definition);
  const watched = { _id: project, v: 1, project, revision: 1 };
  await raw(worker.stores).endpoints.insertOne(watched as never);
  // A version that can't be watched is waited for in the run that was told of it.
  const definitions = raw(worker.stores).facts('definition');
  const lost = await definitions.findOneAndDelete({ 'body.definition.name': project });
  const started = await worker.client.workflow.start<typeof monitor>('monitor', {
    workflowId: monitorId(project),
    taskQueue: worker.taskQueue,
    args: [{ v: 1, project, ...known, searchAttributes: false }],
  });
  handle = worker.client.workflow.getHandle<typeof monitor>(monitorId(project));
  await handle.signal(MESSAGES.watch, { version: version.id, number: 1, since: SINCE });

  // Temporal takes ten updates of a workflow at a time.
  const outcomes = await inTurns(520, 8, (index) => set(index, 'eve'));
  expect([...outcomes.keys()].sort()).toEqual(['MLOPS_TOO_MANY_MESSAGES', 'refused']);
  // Those that come in one task are let in together.
  expect(outcomes.get('refused')).toBeGreaterThanOrEqual(500);
  expect(outcomes.get('refused')).toBeLessThanOrEqual(508);
  expect(await set(0, 'ana')).toMatchObject({ outcome: 'refused' });
  expect((await handle.describe()).runId).toBe(started.firstExecutionRunId);

  await definitions.insertOne(lost!);
  await handle.signal(MESSAGES.watermark, { endpoint: project, watermark: SINCE, edge: SINCE, reason: 'passed' });
  await eventually('a new run', async () =>
    (await handle.describe()).runId === started.firstExecutionRunId ? undefined : true
  );
  expect(await set(600, 'eve')).toMatchObject({ outcome: 'refused' });
});

/** Compute work that nobody picks up says so, where a person looks, and goes on when somebody does. */
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { IngestInput } from '../../src/domain/phases';
import { readEnvironment } from '../../src/runtime/environment';
import { eventually } from '../support/eventually';
import { quiet } from '../support/quiet';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { registeredDefinition } from '../support/registered-definition';

let system: TestSystem;
let temporal: TestWorkflowEnvironment | undefined;
afterEach(async () => {
  await system.close();
  await temporal?.teardown();
});

/** Ingest, by a worker without compute, that looks whether somebody polls after fifteen of these heartbeats. */
async function ingestAlone(
  searchAttributes: boolean,
  wall: string
): Promise<{
  handle: WorkflowHandle;
  withoutCompute: { stop(): Promise<void> };
}> {
  const withoutCompute = await system.startWorker({ compute: 'elsewhere', searchAttributes });
  const project = system.name.slice(0, 40);
  const definition = smallProject(project, await writeSmallFlights(system.folder, 1000), {
    heartbeatWithin: { wall },
  });
  const input: IngestInput = {
    v: 1,
    project,
    cycle: 1,
    ...(await registeredDefinition(system.stores, definition)),
    searchAttributes,
    asOf: '2001-02-01T00:00:00Z',
  };
  const handle = await system.client.temporal.workflow.start('ingest', {
    workflowId: `mlops/${project}/1/ingest`,
    taskQueue: system.taskQueue,
    args: [input],
  });
  return { handle, withoutCompute };
}

test('a phase waits for a worker of the compute queue by name, and finishes once there is one', async () => {
  system = await openSystem('nobody');
  const { handle, withoutCompute } = await ingestAlone(true, '1 second');
  const waitingFor = async (): Promise<unknown> => (await handle.describe()).searchAttributes.MlopsWaitingFor;
  const queue = `${system.taskQueue}-compute`;
  await eventually('the phase to say so', async () =>
    JSON.stringify(await waitingFor()) === JSON.stringify([`worker:${queue}`]) ? true : undefined
  );

  await withoutCompute.stop();
  await system.startWorker();
  expect(await handle.result()).toMatchObject({ snapshot: { kind: 'snapshot' } });
  expect((await waitingFor()) ?? []).toEqual([]);
});

test('a server that can’t tell who polls is no reason to give the work up', async () => {
  quiet();
  // Temporal's test server has no such call.
  temporal = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: readEnvironment().TEMPORAL_TEST_SERVER ?? '' } },
  });
  system = await openSystem('cannot-tell', readEnvironment(), temporal);
  const { handle } = await ingestAlone(false, '250 milliseconds');
  await eventually('the server to have refused to tell, twice', async () => {
    const { events } = await handle.fetchHistory();
    return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes != null).length >= 2
      ? true
      : undefined;
  });
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await handle.terminate();
});

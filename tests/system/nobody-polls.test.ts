/** Compute work that nobody picks up says so, where a person looks, and goes on when somebody does. */
import type { IngestInput } from '../../src/domain/phases';
import { eventually } from '../support/eventually';
import { smallProject, writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('nobody');
});
afterAll(() => system.close());

test('a phase waits for a worker of the compute queue by name, and finishes once there is one', async () => {
  const withoutCompute = await system.startWorker({ compute: 'elsewhere' });
  const project = system.name.slice(0, 40);
  const definition = smallProject(project, await writeSmallFlights(system.folder, 1000), {
    heartbeatWithin: { wall: '250 milliseconds' },
  });
  const digest = `sha256:${'0'.repeat(64)}` as const;
  const input: IngestInput = {
    v: 1,
    project,
    cycle: 1,
    definition,
    definitionRef: { kind: 'definition', id: 'none', digest },
    searchAttributes: true,
    asOf: '2001-02-01T00:00:00Z',
  };
  const handle = await system.client.temporal.workflow.start('ingest', {
    workflowId: `mlops/${project}/1/ingest`,
    taskQueue: system.taskQueue,
    args: [input],
  });
  const waitingFor = async (): Promise<unknown> => (await handle.describe()).searchAttributes.MlopsWaitingFor;
  const queue = `${system.taskQueue}-compute`;
  await eventually('the phase to say so', async () =>
    JSON.stringify(await waitingFor()) === JSON.stringify([`worker:${queue}`]) ? true : undefined
  );

  await withoutCompute.stop();
  await system.startWorker();
  expect(await handle.result()).toMatchObject({ kind: 'snapshot' });
}, 120_000);

/** A workflow that got an undecodable signal before its first task, on the real servers: no reset helps it, and doctor says what does. */
import { randomUUID } from 'node:crypto';
import { askedAbout } from '../support/asked';
import { eventually } from '../support/eventually';
import { raw } from '../support/raw-records';
import { openSystem, type TestSystem } from '../support/system';
import { mlops } from './mlops';

let system: TestSystem;
beforeAll(async () => {
  system = await openSystem('doctor-reset');
});
afterAll(() => system.close(), 60_000);

test('it is not reset, and what doctor says to do instead has it go on', async () => {
  const model = `sha256:${'a'.repeat(64)}` as const;
  const asked = askedAbout({ project: `early-${randomUUID().slice(0, 8)}`, cycle: 1, model });
  await raw(system.stores).requests.insertOne(asked);
  const { workflowId, project } = asked;
  const { temporal } = system.client;
  const start = () =>
    temporal.workflow.start('approve', {
      workflowId,
      taskQueue: system.taskQueue,
      args: [{ v: 1, project, name: asked._id.slice(project.length + 1), searchAttributes: true, waits: true }],
    });
  // No worker polls: the signals come before the first task.
  const stuck = await start();
  const decision = { id: randomUUID(), by: 'ana', verdict: 'approve', digest: model };
  await system.client.signal(workflowId, 'decide', decision);
  await temporal.workflowService.signalWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId },
    signalName: 'decide',
    input: { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{bad') }] },
  });
  await system.startWorker();
  await eventually('that its task fails again', async () => {
    const { raw: described } = await stuck.describe();
    return (described.pendingWorkflowTask?.attempt ?? 0) > 1 ? true : undefined;
  });

  const reset = await mlops(['doctor', '--reset', workflowId], system.env);
  expect(reset.code).toBe(1);
  expect(reset.stderr).toContain('MLOPS_WORKFLOW_NOT_READY');
  expect(reset.stderr).toContain("decide (event 4) can't be decoded");
  expect(reset.stderr).toContain(`temporal workflow terminate --workflow-id '${workflowId}'`);
  expect(reset.stderr).toContain('its other signals, to be sent again: decide (event 3)');
  expect((await temporal.workflow.getHandle(workflowId).describe()).runId).toBe(stuck.firstExecutionRunId);

  await stuck.terminate();
  await start();
  await system.client.signal(workflowId, 'decide', decision);
  expect(await temporal.workflow.getHandle(workflowId).result()).toMatchObject({ state: 'approved' });
});

/**
 * A `stop` that comes between a cycle's end and the next run. To hold the lifecycle at that moment, the activities are
 * the test's own: one record is held back, and with it the run, which waits for the handler that writes it.
 */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import flights from '../../examples/flights/project';
import type { MlopsClient } from '../../src/client';
import { digestOf } from '../../src/runtime/digest';
import { planOf } from '../../src/domain/plan';
import { packDefinition } from '../../src/runtime/packed-definition';
import { lifecycleId } from '../../src/domain/ids';
import type { LifecycleState } from '../../src/domain/phases';
import { eventually } from '../support/eventually';
import { startWorkflowsAlone } from '../support/workflows-alone';

const project = `stop-${randomUUID().slice(0, 8)}`;
const definition = { ...flights, name: project };

let client: MlopsClient;
let close: () => Promise<void>;
let holding = false;
/** How often the record of one message fails. */
let unrecorded = 1;
let release = (): void => undefined;
const held = new Promise<void>((resolve) => {
  release = resolve;
});

/** All that a cycle asks for whose beginning fails, and that is skipped then. */
const activities = {
  mlopsRegisterDefinition: async () => ({
    definition: { kind: 'definition', id: 'a', digest: digestOf(definition) },
    plan: planOf(definition),
    searchAttributes: false,
    cycles: 0,
  }),
  mlopsOpenCycle: async () => {
    throw ApplicationFailure.nonRetryable('it does not begin');
  },
  mlopsRecordFailure: async () => undefined,
  mlopsEnsureMonitor: async () => undefined,
  mlopsStartNotice: async () => undefined,
  mlopsCloseRequest: async () => undefined,
  mlopsCloseCycle: async () => undefined,
  mlopsRecordOperator: async ({ updateId }: { readonly updateId: string }) => {
    if (updateId.startsWith('held.')) {
      holding = true;
      await held;
    }
    if (updateId.startsWith('unrecorded.') && unrecorded-- > 0)
      throw ApplicationFailure.nonRetryable('it is not recorded');
    return {};
  },
};

beforeAll(async () => {
  ({ client, close } = await startWorkflowsAlone(project, activities));
});
afterAll(async () => {
  release();
  const left = client.temporal.workflow.getHandle(lifecycleId(project));
  await left.terminate().catch(() => undefined);
  await close();
});

test('ends the lifecycle, and no next run begins without it', async () => {
  const trigger = { id: 'first', asOf: '2001-02-01T00:00:00Z', cause: { kind: 'rows' as const, detail: 'a test' } };
  const state: LifecycleState = {
    v: 1,
    project,
    sent: packDefinition(definition),
    appliedBy: 'cem',
    cycle: 0,
    pending: [trigger],
    paused: false,
    answers: [],
    seenTriggers: [],
  };
  const { firstExecutionRunId } = await client.temporal.workflow.start('lifecycle', {
    workflowId: lifecycleId(project),
    taskQueue: project,
    args: [state],
  });
  await eventually('the failure', async () => (await client.status(project)).failure);
  // What could not be recorded has had no effect, and is no answer: sent again, it is acted on again.
  await expect(client.pause(project, { id: 'unrecorded', by: 'dan' })).rejects.toThrow('it is not recorded');
  expect(await client.status(project)).toMatchObject({ paused: false });
  expect(await client.pause(project, { id: 'unrecorded', by: 'dan' })).toMatchObject({ outcome: 'accepted' });
  const unpausing = client.unpause(project, { id: 'held', by: 'dan' });
  await eventually('its record to be held', async () => (holding ? true : undefined));
  await client.skip(project, { id: 'skip', by: 'dan' });
  // Only the run that the cycle has come back to tells how it ended.
  await eventually('its end', async () => (await client.status(project)).last);

  expect(await client.stop(project, { id: 'stop', by: 'dan' })).toMatchObject({ outcome: 'accepted' });
  release();
  expect(await unpausing).toMatchObject({ outcome: 'accepted' });
  const run = client.temporal.workflow.getHandle(lifecycleId(project), firstExecutionRunId, { followRuns: false });
  expect(await run.result()).toEqual({ ended: 'stopped by dan' });
});

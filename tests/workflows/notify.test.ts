/** A notice that is neither sent nor recorded ends nothing: the activities are the test's own, so that both fail. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import flights from '../../examples/flights/project';
import type { MlopsClient } from '../../src/client';
import { lifecycleId, monitorId } from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import type { DeliverNotice } from '../../src/domain/notice';
import type { LifecycleState } from '../../src/domain/phases';
import { planOf } from '../../src/domain/plan';
import { digestOf } from '../../src/runtime/digest';
import { packDefinition } from '../../src/runtime/packed-definition';
import type { MonitorState } from '../../src/workflows/monitor';
import { eventually } from '../support/eventually';
import { startWorkflowsAlone } from '../support/workflows-alone';

const project = `notify-${randomUUID().slice(0, 8)}`;
const notifiers = ['one', 'two'].map((registered) => ({ registered, params: {} }));
const definition = { ...flights, name: project, notifiers };
const ref = { kind: 'definition', id: 'a', digest: digestOf(definition) } as const;
const plan = planOf(definition);

let client: MlopsClient;
let close: () => Promise<void>;
const tried: string[] = [];

function fails(what: string): () => Promise<never> {
  return async () => {
    tried.push(what);
    throw ApplicationFailure.nonRetryable(`${what} fails`);
  };
}

beforeAll(async () => {
  ({ client, close } = await startWorkflowsAlone(project, {
    mlopsRegisterDefinition: async () => ({ definition: ref, plan, searchAttributes: false, cycles: 0 }),
    mlopsOpenCycle: fails('the cycle'),
    mlopsWatchedDefinition: fails('the watching'),
    mlopsStartNotice: fails('the notice'),
    mlopsNotify: async ({ notifier }: { readonly notifier: number }) => fails(`notifier ${notifier}`)(),
    mlopsRecordUndelivered: fails('its record'),
    mlopsRecordFailure: async () => undefined,
    mlopsEnsureMonitor: async () => undefined,
    mlopsCloseRequest: async () => undefined,
    mlopsCloseCycle: async () => undefined,
    mlopsRecordOperator: async () => ({}),
  }));
});
afterAll(async () => {
  for (const id of [lifecycleId(project), monitorId(project)])
    await client.temporal.workflow
      .getHandle(id)
      .terminate()
      .catch(() => undefined);
  await close();
});
beforeEach(() => tried.splice(0));

const untilTried = (what: string) =>
  eventually(`${what} to be tried`, async () => (tried.includes(what) ? true : undefined));

test('a lifecycle whose phase failed waits for its operator', async () => {
  const state: LifecycleState = {
    v: 1,
    project,
    sent: packDefinition(definition),
    appliedBy: 'cem',
    cycle: 0,
    pending: [{ id: 'first', asOf: '2001-02-01T00:00:00Z', cause: { kind: 'rows', detail: 'a test' } }],
    paused: false,
    answers: [],
    seenTriggers: [],
  };
  await client.temporal.workflow.start('lifecycle', {
    workflowId: lifecycleId(project),
    taskQueue: project,
    args: [state],
  });
  await untilTried('its record');
  expect(tried).toContain('the notice');
  expect(await client.status(project)).toMatchObject({
    failure: expect.stringContaining('the cycle fails') as unknown,
  });
  expect(await client.skip(project, { id: 'skip', by: 'dan' })).toMatchObject({ outcome: 'accepted' });
  await eventually('the end of the cycle', async () => (await client.status(project)).last);
});

test('a monitor that is stuck looks again', async () => {
  const state: MonitorState = { v: 1, project, definition: ref, plan, searchAttributes: false, rereadMs: 200 };
  const monitor = await client.temporal.workflow.signalWithStart('monitor', {
    workflowId: monitorId(project),
    taskQueue: project,
    args: [state],
    signal: MESSAGES.watch,
    signalArgs: [{ version: `${project}/1`, number: 1, since: '2001-02-01T00:00:00Z' }],
  });
  await untilTried('its record');
  tried.splice(0);
  await untilTried('its record');
  expect((await monitor.describe()).status.name).toBe('RUNNING');
});

test('a delivery goes on with the other notifiers, and ends', async () => {
  const notice = { id: 'x', kind: 'k', project, text: 't', details: [] };
  const delivery: DeliverNotice = { v: 1, definition: ref, notifiers: 2, notice };
  const delivered = client.temporal.workflow.execute('deliverNotice', {
    workflowId: `notice-${project}`,
    taskQueue: project,
    args: [delivery],
  });
  await expect(delivered).resolves.toBeUndefined();
  expect(tried).toEqual(expect.arrayContaining(['notifier 0', 'notifier 1']));
});

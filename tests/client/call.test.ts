/** What Temporal itself refuses has one of our codes, whichever method of the client asked. On the real server. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, ServiceError } from '@temporalio/client';
import { MlopsClient } from '../../src/client';
import { call } from '../../src/client/call';
import { QueueClient } from '../../src/client/queue-client';
import { errorCodeOf } from '../../src/domain/errors';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { eventually } from '../support/eventually';
import { openSystem, type TestSystem } from '../support/system';

/** Without the SDK's own patience, which is ten attempts. */
const AT_ONCE = { interceptors: [] };

describe('a server that is not there', () => {
  const connection = Connection.lazy({ address: '127.0.0.1:1', ...AT_ONCE });
  afterAll(() => connection.close());

  const BY_PERSON = { id: 'a', by: 'ana' };
  const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
    start: [{ definition: { name: 'flights' }, asOf: '2001-02-01', by: 'ana' }],
    decide: ['flights/1', BY_PERSON],
    apply: [{ name: 'flights' }, BY_PERSON],
    evaluate: [{ project: 'flights', version: { id: 'flights@1' } }],
    scheduleHousekeeping: [{ every: '1 day' }],
    signal: ['mlops/flights', 'watermark', {}],
    pollers: [],
    computePollers: [],
    lightPollers: [],
    requireWorker: [],
  };
  const methods = [MlopsClient.prototype, QueueClient.prototype]
    .flatMap((prototype) => Object.getOwnPropertyNames(prototype))
    .filter((name) => !['constructor', 'close'].includes(name));

  test.each(methods)('client.%s says so', async (method) => {
    const client = await MlopsClient.connect({ client: new Client({ connection }), taskQueue: 'none' });
    const asked = async (): Promise<unknown> =>
      (client as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[method]?.(
        ...(ARGUMENTS[method] ?? ['flights', BY_PERSON])
      );
    await expect(asked()).rejects.toMatchObject({
      code: 'MLOPS_STORE_UNAVAILABLE',
      what: expect.stringMatching(/^Temporal can't be reached/),
      fix: expect.stringContaining('TEMPORAL_ADDRESS'),
    });
  });
});

describe('the real server', () => {
  let system: TestSystem;
  let connection: Connection;
  let temporal: Client;
  beforeAll(async () => {
    system = await openSystem('client-call');
    const { connectionOptions, namespace } = temporalConfig(system.env);
    connection = await Connection.connect({ ...connectionOptions, ...AT_ONCE });
    temporal = new Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
  });
  afterAll(async () => {
    await connection.close();
    await system.close();
  });

  /** A lifecycle that nothing will ever run. */
  async function startNobodys(workflowType: string, taskQueue: string): Promise<{ project: string; id: string }> {
    const project = `refused-${randomUUID().slice(0, 8)}`;
    const id = `mlops/${project}`;
    await temporal.workflow.start(workflowType, { workflowId: id, taskQueue, args: [] });
    return { project, id };
  }

  test('a namespace that is not there', async () => {
    const elsewhere = new Client({ connection, namespace: `none-${randomUUID().slice(0, 8)}` });
    const client = await MlopsClient.connect({ client: elsewhere });
    await expect(client.status('flights')).rejects.toMatchObject({ code: 'MLOPS_SERVER_UNFIT' });
  });

  test('a workflow that is not there', async () => {
    await expect(system.client.signal(`none-${randomUUID()}`, 'watermark', {})).rejects.toMatchObject({
      code: 'MLOPS_NOT_FOUND',
    });
  });

  test('a message that is too large', async () => {
    const { id } = await startNobodys('lifecycle', `none-${system.taskQueue}`);
    await expect(system.client.signal(id, 'watermark', 'x'.repeat(3e6))).rejects.toMatchObject({
      code: 'MLOPS_PAYLOAD_TOO_LARGE',
    });
    await temporal.workflow.getHandle(id).terminate();
  });

  test('more updates at a time than a workflow takes', async () => {
    const { id } = await startNobodys('lifecycle', `none-${system.taskQueue}`);
    const updates = Array.from({ length: 12 }, (_, index) =>
      temporal.withDeadline(Date.now() + 10_000, () =>
        call(() => temporal.workflow.getHandle(id).executeUpdate('pause', { args: [], updateId: `${index}` }))
      )
    );
    const codes = (await Promise.allSettled(updates)).map((one) =>
      one.status === 'rejected' ? (errorCodeOf(one.reason) ?? String(one.reason)) : 'answered'
    );
    // Ten wait for a worker, until the deadline.
    expect(codes.toSorted()).toEqual([
      ...Array(10).fill('MLOPS_STORE_UNAVAILABLE'),
      ...Array(2).fill('MLOPS_TOO_MANY_MESSAGES'),
    ]);
    await temporal.workflow.getHandle(id).terminate();
  });

  test('a workflow whose own task fails again and again takes no message, and says what looks why', async () => {
    await system.startWorker();
    const { project, id } = await startNobodys('no-such-workflow', system.taskQueue);
    await eventually('its task has failed', async () => {
      const { pendingWorkflowTask } = await temporal.workflowService.describeWorkflowExecution({
        namespace: temporal.options.namespace,
        execution: { workflowId: id },
      });
      return (pendingWorkflowTask?.attempt ?? 0) >= 3 ? true : undefined;
    });
    const refused = { code: 'MLOPS_WORKFLOW_NOT_READY', fix: expect.stringContaining('mlops doctor') };
    await expect(system.client.status(project)).rejects.toMatchObject(refused);
    await expect(system.client.pause(project, { id: randomUUID(), by: 'ana' })).rejects.toMatchObject(refused);
    await temporal.workflow.getHandle(id).terminate();
  });
});

test('a task that failed once is waited for', async () => {
  const details = 'Unable to perform workflow execution update due to unexpected workflow task failure.';
  const failed = Object.assign(new Error(`9 FAILED_PRECONDITION: ${details}`), { code: 9, details, metadata: {} });
  let asked = 0;
  const answer = await call(async () => {
    asked += 1;
    if (asked < 3) throw new ServiceError('Workflow Update failed', { cause: failed });
    return 'accepted';
  });
  expect({ answer, asked }).toEqual({ answer: 'accepted', asked: 3 });
});

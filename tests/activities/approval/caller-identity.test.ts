/** Who called is looked up beside the decision, and must not decide whether it counts. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { callerIdentity } from '../../../src/activities/approval/caller-identity';
import { readEnvironment } from '../../../src/runtime/environment';
import { isServerAway } from '../../../src/runtime/server-away';
import { temporalConfig } from '../../../src/runtime/temporal-config';

const sent = { updateId: 'one' };
let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect(temporalConfig(readEnvironment()).connectionOptions);
});
afterAll(() => connection.close());

test.each([
  ['a history that is gone', `mlops/gone-${randomUUID()}/1/approve`],
  ['a history that the server refuses to show', 'x'.repeat(5000)],
])('%s leaves the caller unknown', async (_, workflowId) => {
  const workflow = { workflowId, runId: randomUUID() };
  expect(await callerIdentity(new Client({ connection }), { workflow, sent })).toBe('unknown');
});

test('a server that is away is asked again', async () => {
  const nobody = Connection.lazy({ address: '127.0.0.1:1' });
  const workflow = { workflowId: 'mlops/any/1/approve', runId: randomUUID() };
  const asked = nobody.withDeadline(Date.now() + 500, () =>
    callerIdentity(new Client({ connection: nobody }), { workflow, sent })
  );
  const error = await asked.catch((failure: unknown) => failure);
  await nobody.close();
  expect(isServerAway(error)).toBe(true);
});

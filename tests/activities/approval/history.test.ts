/** What a run's history shows is read beside a decision, from its end. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { findDecisions } from '../../../src/activities/approval/history';
import { readEnvironment } from '../../../src/runtime/environment';
import { isServerAway } from '../../../src/runtime/server-away';
import { temporalConfig } from '../../../src/runtime/temporal-config';

const gone = { workflowId: `mlops/gone-${randomUUID()}/1/approve`, runId: randomUUID() };

test('a run that is gone shows no decision: nothing can be recorded for it', async () => {
  const connection = await Connection.connect(temporalConfig(readEnvironment()).connectionOptions);
  const client = new Client({ connection });
  await expect(findDecisions(client, gone, [{ update: 'one' }])).rejects.toThrow(/not found/i);
  await connection.close();
});

test('a server that is away is asked again', async () => {
  const nobody = Connection.lazy({ address: '127.0.0.1:1' });
  const asked = nobody.withDeadline(Date.now() + 500, () =>
    findDecisions(new Client({ connection: nobody }), gone, [{ update: 'one' }])
  );
  const error = await asked.catch((failure: unknown) => failure);
  await nobody.close();
  expect(isServerAway(error)).toBe(true);
});

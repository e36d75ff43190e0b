/** A process that dies within a transaction: what it had locked is written again, soon. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openOwnStores, type OwnStores } from '../support/own-stores';
import { storeConfig } from '../../src/stores/config';
import { raw } from '../support/raw-records';

let own: OwnStores;
beforeAll(async () => {
  own = await openOwnStores('abandoned');
});
afterAll(() => own.close());

/** Holds the head of the project's audit chain, as a commit does, until it is killed. */
const HOLDS = `
const { MongoClient } = require('mongodb');
const [uri, database, project] = process.argv.slice(1);
(async () => {
  const client = await new MongoClient(uri).connect();
  const session = client.startSession();
  session.startTransaction();
  await client.db(database).collection('chains').updateOne({ _id: project }, { $inc: { sequence: 1 } }, { session });
  console.log('holds');
  setInterval(() => {}, 1000);
})();`;

test('the next worker’s commits wait seconds for it, not more than a minute', async () => {
  const { audit } = own.stores;
  const event = (id: string) => ({ id, project: 'held', what: 'x', by: 'ana', detail: {} });
  await audit.record(event('before'));
  const holder = spawn(
    process.execPath,
    ['-e', HOLDS, storeConfig().mongodbUri, raw(own.stores).db.databaseName, 'held'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    }
  );
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await audit.record(event('after'));
  const events = await audit.list('held');
  expect(events.map(({ _id, sequence }) => [_id, sequence])).toEqual([
    ['before', 1],
    ['after', 2],
  ]);
});

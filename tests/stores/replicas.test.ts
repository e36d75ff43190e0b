/** A replica that was killed can't withdraw its report: MongoDB removes it, by the time of the report. */
import { REPLICA_FORGOTTEN_S } from '../../src/stores/indexes';
import { allReplicas, reportReplica, withdrawReplica } from '../../src/stores/replicas';
import type { Stores } from '../../src/stores/connect';
import { raw } from '../support/raw-records';
import { dropStores, ownStores } from './served';

let stores: Stores;
beforeAll(async () => {
  stores = await ownStores('replicas');
});
afterAll(() => dropStores(stores));

const reports = (replica: string) =>
  reportReplica(stores, {
    endpoint: 'flights',
    replica,
    address: 'http://127.0.0.1:1',
    revision: 1,
    clockEpoch: 0,
    counts: {},
    startedAt: new Date(),
  } as never);

test('a report is removed an hour after the last one, and not before', async () => {
  await reports('killed');
  const indexes = await raw(stores).replicas.indexes();
  expect(indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined)).toMatchObject([
    { key: { reportedAt: 1 }, expireAfterSeconds: REPLICA_FORGOTTEN_S },
  ]);
  expect(REPLICA_FORGOTTEN_S).toBe(3_600);
  // MongoDB expires dates alone: a report that held another type would stay for ever.
  expect(await raw(stores).replicas.countDocuments({ reportedAt: { $type: 'date' } })).toBe(1);
});

test('a report renews its time; a replica that ends is listed no more', async () => {
  await reports('again');
  const [first] = (await allReplicas(stores)).filter(({ replica }) => replica === 'again');
  await raw(stores).replicas.updateOne({ replica: 'again' }, { $set: { reportedAt: new Date(0) } });
  await reports('again');
  const [second] = (await allReplicas(stores)).filter(({ replica }) => replica === 'again');
  expect(second!.reportedAt.getTime()).toBeGreaterThanOrEqual(first!.reportedAt.getTime());
  await withdrawReplica(stores, 'flights', 'again');
  expect((await allReplicas(stores)).map(({ replica }) => replica)).not.toContain('again');
});

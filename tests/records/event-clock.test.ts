/** What `status` and `doctor` say of an endpoint's event time, by the records alone. */
import type { PredictionRecord } from '../../src/domain/endpoint';
import { eventClock } from '../../src/records/event-clock';
import { openRecordStores, type RecordStores } from '../../src/records/stores';
import { advanceClock } from '../../src/stores/clocks';
import { recordWriter } from '../../src/stores/predictions';
import { openTestEndpoint, type TestEndpoint, WATCH } from '../replica/test-endpoint';
import { served } from '../stores/served';
import { raw } from '../support/raw-records';

let endpoint: TestEndpoint;
let records: RecordStores;
/** Weeks begin on Thursdays: February 1, 8 and 15 of 2001. */
const WINDOW = { from: '2001-02-08T00:00:00.000Z', to: '2001-02-15T00:00:00.000Z' };
const DUE = Date.parse(WINDOW.to) + WATCH.truthDelayMs + WATCH.allowedLatenessMs;

beforeAll(async () => {
  endpoint = await openTestEndpoint();
  records = openRecordStores(endpoint.config);
  const champion = served(endpoint.name, 1);
  await endpoint.publish({ revision: 1, champion });
  // Trained on what was known by then: its monitor begins with that week.
  const body = { project: endpoint.name, number: 1, split: { knownBy: '2001-02-09T00:00:00.000Z' } };
  await raw(endpoint.stores)
    .facts('version')
    .insertOne({ _id: champion.version, v: 1, kind: 'version', body } as never);
});
afterAll(async () => {
  await records.close();
  await endpoint.close();
});

const predicted = (id: string, eventTime: string): Promise<number> =>
  recordWriter(endpoint.stores, endpoint.name).insertPredictions([
    {
      _id: id,
      v: 1,
      version: 1,
      route: 'champion',
      revision: 1,
      eventTime: new Date(eventTime),
      inputs: {},
      score: 0.5,
      decision: 0,
      replica: 'r1',
      receivedAt: new Date(),
    } satisfies PredictionRecord,
  ]);
const clockAt = (ms: number) => advanceClock(endpoint.stores, endpoint.name, { epoch: 0, highest: new Date(ms) });
const overdue = async () => (await eventClock(records, endpoint.name)).overdue;

test('the first window is overdue once all its time is over, though no window was ever judged', async () => {
  await predicted('before', '2001-02-03T00:00:00Z');
  await predicted('first', '2001-02-10T00:00:00Z');
  await clockAt(DUE - 1);
  expect(await overdue()).toBeUndefined();
  await clockAt(DUE);
  expect(await overdue()).toEqual(WINDOW);
});

test('a verdict ends that', async () => {
  const body = { endpoint: endpoint.name, period: WINDOW, revision: 0 };
  await raw(endpoint.stores)
    .facts('window')
    .insertOne({ _id: 'judged', v: 1, kind: 'window', body } as never);
  expect(await overdue()).toBeUndefined();
});

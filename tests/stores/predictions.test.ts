import type { PredictionRecord, TruthRecord } from '../../src/domain/endpoint';
import type { Stores } from '../../src/stores/connect';
import {
  countStored,
  coverage,
  findPrediction,
  recordWriter,
  truthsAtMost,
  windowRows,
} from '../../src/stores/predictions';
import { openTestEndpoint, type TestEndpoint } from '../replica/test-endpoint';

let endpoint: TestEndpoint;
let stores: Stores;
beforeAll(async () => {
  endpoint = await openTestEndpoint();
  stores = endpoint.stores;
  const writer = recordWriter(stores, 'flights-1');
  await writer.insertPredictions(PREDICTIONS);
  await writer.insertTruths(TRUTHS);
  await recordWriter(stores, 'flights-11').insertPredictions([prediction('20010202-a', '2001-02-02T06:00:00Z', 0.9)]);
});
afterAll(() => endpoint.close());

const PERIOD = { from: '2001-02-01T00:00:00.000Z', to: '2001-02-08T00:00:00.000Z' };

function prediction(
  id: string,
  eventTime: string,
  score = 0.5,
  more: Partial<PredictionRecord> = {}
): PredictionRecord {
  return {
    _id: id,
    v: 1,
    version: 1,
    route: 'champion',
    revision: 1,
    eventTime: new Date(eventTime),
    inputs: { distance: 1, origin: null },
    score,
    decision: 0,
    replica: 'r1',
    receivedAt: new Date('2026-01-01T00:00:00Z'),
    ...more,
  };
}

function truth(id: string, value: number, eventTime: string, revision = 0): TruthRecord {
  const receivedAt = new Date('2026-01-01T00:00:00Z');
  return {
    _id: `${id}#${revision}`,
    v: 1,
    prediction: id,
    revision,
    value,
    eventTime: new Date(eventTime),
    receivedAt,
  };
}

const PREDICTIONS = [
  prediction('20010202-b', '2001-02-02T06:00:00Z'),
  prediction('20010202-a', '2001-02-02T06:00:00Z'),
  prediction('20010201-late', '2001-02-01T23:00:00Z'),
  prediction('20010207-last', '2001-02-07T23:59:59.999Z'),
  prediction('20010208-next', '2001-02-08T00:00:00Z'),
  prediction('20010131-before', '2001-01-31T23:59:59.999Z'),
  prediction('20010203-probe', '2001-02-03T00:00:00Z', 0.5, { synthetic: true }),
];
const TRUTHS = [
  truth('20010202-a', 0, '2001-02-03T00:00:00Z', 0),
  truth('20010202-a', 1, '2001-02-05T00:00:00Z', 1),
  truth('20010207-last', 1, '2001-02-09T00:00:00Z'),
  truth('20010203-probe', 1, '2001-02-04T00:00:00Z'),
  truth('20010204-unknown', 1, '2001-02-05T00:00:00Z'),
];

async function rows(asOf?: string) {
  const found: [string, number | undefined][] = [];
  for await (const row of windowRows(stores, 'flights-1', PERIOD, asOf)) found.push([row._id, row.truth?.value]);
  return found;
}

test('a window has its predictions in order, each with its latest truth; synthetic traffic is left out', async () => {
  expect(await rows()).toEqual([
    ['20010201-late', undefined],
    ['20010202-a', 1],
    ['20010202-b', undefined],
    ['20010207-last', 1],
  ]);
});

test('truths that the world knew later can be left out', async () => {
  expect(await rows('2001-02-04T00:00:00Z')).toEqual([
    ['20010201-late', undefined],
    ['20010202-a', 0],
    ['20010202-b', undefined],
    ['20010207-last', undefined],
  ]);
});

test('coverage counts predictions with a truth, not truths', async () => {
  expect(await coverage(stores, 'flights-1', PERIOD)).toEqual({ predictions: 4, truths: 2 });
  expect(await truthsAtMost(stores, 'flights-1', PERIOD)).toBe(5);
  expect(await coverage(stores, 'flights-1', { from: '2002-01-01T00:00:00Z', to: '2002-01-08T00:00:00Z' })).toEqual({
    predictions: 0,
    truths: 0,
  });
});

test('inserting again changes nothing, and new records among known ones are stored', async () => {
  const writer = recordWriter(stores, 'flights-2');
  await writer.insertPredictions([prediction('20010202-a', '2001-02-02T06:00:00Z', 0.1)]);
  await writer.insertPredictions([
    prediction('20010202-a', '2001-02-02T06:00:00Z', 0.9),
    prediction('20010202-b', '2001-02-02T06:00:00Z'),
  ]);
  await writer.insertTruths([truth('20010202-a', 1, '2001-02-03T00:00:00Z')]);
  await writer.insertTruths([truth('20010202-a', 0, '2001-02-03T00:00:00Z')]);
  expect(await countStored(stores, 'flights-2')).toEqual({ predictions: 2, truths: 1 });
  const own = (await findPrediction(stores, '20010202-a')).find((each) => each.endpoint === 'flights-2');
  expect(own).toMatchObject({ record: { score: 0.1 }, truths: [{ value: 1 }] });
});

test('endpoints whose names begin alike are told apart', async () => {
  expect(await countStored(stores, 'flights-1')).toEqual({ predictions: 6, truths: 5 });
  expect(await countStored(stores, 'flights-11')).toEqual({ predictions: 1, truths: 0 });
  const found = await findPrediction(stores, '20010202-a');
  expect(found.map((each) => each.endpoint).filter((name) => name !== 'flights-2')).toEqual([
    'flights-1',
    'flights-11',
  ]);
  expect(await findPrediction(stores, '20010202-nobody')).toEqual([]);
});

import type { PredictionRecord, TruthRecord } from '../../src/domain/endpoint';
import type { Stores } from '../../src/stores/connect';
import {
  countStored,
  coverage,
  findPrediction,
  recordWriter,
  nextPredicted,
  windowRows,
} from '../../src/stores/predictions';
import { countConflicts, listConflicts } from '../../src/stores/conflicts';
import { countUnmatched, knownWhen, listUnmatched } from '../../src/stores/truths';
import { openTestEndpoint, type TestEndpoint } from '../replica/test-endpoint';
import { raw } from '../support/raw-records';

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

function truth(id: string, value: number, knownAt: string, revision = 0): TruthRecord {
  const receivedAt = new Date('2026-01-01T00:00:00Z');
  return {
    _id: `${id}#${revision}`,
    v: 1,
    prediction: id,
    revision,
    value,
    knownAt: new Date(knownAt),
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
  const found: [string, number | string | undefined][] = [];
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

test('coverage counts predictions with a truth that was known, not truths', async () => {
  const known = (asOf: string, period = PERIOD) => coverage(stores, 'flights-1', period, asOf);
  expect(await known('2001-02-22T00:00:00Z')).toEqual({ version: 1, predictions: 4, truths: 2 });
  // What is counted is what is judged: that of the last prediction is known on the 9th.
  expect(await known('2001-02-08T00:00:00Z')).toEqual({ version: 1, predictions: 4, truths: 1 });
  expect((await rows('2001-02-08T00:00:00Z')).filter(([, value]) => value !== undefined)).toHaveLength(1);
  const empty = { from: '2002-01-01T00:00:00Z', to: '2002-01-08T00:00:00Z' };
  expect(await known('2002-02-01T00:00:00Z', empty)).toEqual({ predictions: 0, truths: 0 });
});

test('coverage is that of the version whose rows a window judges: the one that answered most, the newest of equals', async () => {
  const writer = recordWriter(stores, 'flights-6');
  const at = '2001-02-02T06:00:00Z';
  const answered = (id: string, version: number) => prediction(id, at, 0.5, { version });
  const [ones, twos] = [
    ['a', 'b', 'c'],
    ['d', 'e'],
  ];
  await writer.insertPredictions([...ones!.map((id) => answered(id, 1)), ...twos!.map((id) => answered(id, 2))]);
  await writer.insertPredictions([prediction('s', at, 0.5, { version: 2, synthetic: true })]);
  await writer.insertTruths(['a', 'd', 'e', 's'].map((id) => truth(id, 1, '2001-02-03T00:00:00Z')));
  const known = () => coverage(stores, 'flights-6', PERIOD, '2001-02-08T00:00:00Z');
  expect(await known()).toEqual({ version: 1, predictions: 3, truths: 1 });
  expect(await knownWhen(stores, 'flights-6', PERIOD, 1, 2, '2001-02-08T00:00:00Z')).toBeUndefined();
  await writer.insertPredictions([answered('f', 2)]);
  expect(await known()).toEqual({ version: 2, predictions: 3, truths: 2 });
});

test('the next prediction from a time on, synthetic traffic left out', async () => {
  expect(await nextPredicted(stores, 'flights-1', '2001-02-03T00:00:00Z')).toEqual(
    new Date('2001-02-07T23:59:59.999Z')
  );
  expect(await nextPredicted(stores, 'flights-1', '2001-02-09T00:00:00Z')).toBeUndefined();
});

test('inserting again changes nothing, and new records among known ones are stored', async () => {
  const writer = recordWriter(stores, 'flights-2');
  await writer.insertPredictions([prediction('20010202-a', '2001-02-02T06:00:00Z', 0.1)]);
  await writer.insertPredictions([
    prediction('20010202-a', '2001-02-02T06:00:00Z', 0.9),
    prediction('20010202-b', '2001-02-02T06:00:00Z'),
  ]);
  await writer.insertTruths([truth('20010202-a', 1, '2001-02-03T00:00:00Z')]);
  expect(await writer.insertTruths([truth('20010202-a', 1, '2001-02-03T00:00:00Z')])).toBe(0);
  expect(await countStored(stores, 'flights-2')).toEqual({ predictions: 2, truths: 1 });
  const own = await findPrediction(stores, 'flights-2', '20010202-a');
  expect(own).toMatchObject({ record: { score: 0.1 }, truths: [{ value: 1 }] });
});

test('truths of nobody, and those that contradict the first, are kept aside, however often they come', async () => {
  const writer = recordWriter(stores, 'flights-3');
  await writer.insertPredictions([prediction('a', '2001-02-02T06:00:00Z'), prediction('b/0', '2001-02-02T06:00:00Z')]);
  const sent = [
    truth('a', 1, '2001-02-03T00:00:00Z'),
    truth('a', 0, '2001-02-04T00:00:00Z'),
    truth('nobody', 1, '2001-02-03T00:00:00Z'),
    truth('b', 1, '2001-02-03T00:00:00Z'),
    truth('b/9', 1, '2001-02-03T00:00:00Z'),
  ];
  for (let time = 0; time < 2; time += 1) expect(await writer.insertTruths(sent)).toBe(4);
  const aside = (await listUnmatched(stores, 'flights-3', 10)).map(({ prediction: id, value, why }) => [
    id,
    value,
    why,
  ]);
  expect(aside).toHaveLength(4);
  expect(aside).toEqual(
    expect.arrayContaining([
      ['a', 0, 'another value is stored'],
      ['nobody', 1, 'no prediction of this id'],
      ['b', 1, 'no prediction of this id'],
      ['b/9', 1, 'no prediction of this id'],
    ])
  );
  expect(await countStored(stores, 'flights-3')).toEqual({ predictions: 2, truths: 1 });
});

test('a truth that came before its prediction is matched when that comes', async () => {
  const writer = recordWriter(stores, 'flights-4');
  const early = truth('a', 1, '2001-02-03T00:00:00Z');
  expect(await writer.insertTruths([early, truth('a', 0, '2001-02-03T00:00:00Z')])).toBe(2);
  expect(await countUnmatched(stores, 'flights-4')).toBe(2);
  await writer.insertPredictions([prediction('a', '2001-02-02T06:00:00Z')]);
  expect(await coverage(stores, 'flights-4', PERIOD, '2001-02-08T00:00:00Z')).toEqual({
    version: 1,
    predictions: 1,
    truths: 1,
  });
  expect((await listUnmatched(stores, 'flights-4', 10)).map(({ why }) => why)).toEqual(['another value is stored']);
});

test('another request under the same id is kept aside once, and the first stays the prediction', async () => {
  const [one, other] = [recordWriter(stores, 'flights-5'), recordWriter(stores, 'flights-5')];
  const first = prediction('a', '2001-02-02T06:00:00Z', 0.2, { inputs: { distance: 300 }, replica: 'r1' });
  expect(await one.insertPredictions([first])).toBe(0);
  // The same request, at another replica and by another version: nothing new.
  expect(await other.insertPredictions([{ ...first, replica: 'r2', version: 2, score: 0.3 }])).toBe(0);
  const conflicting = { ...first, inputs: { distance: 900 }, replica: 'r2', score: 0.7 };
  const fresh = prediction('b', '2001-02-02T07:00:00Z');
  expect(await other.insertPredictions([conflicting, fresh])).toBe(1);
  // A replica that died before it knew that they are stored ships them again.
  expect(await other.insertPredictions([conflicting, fresh])).toBe(1);
  expect(await countConflicts(stores, 'flights-5')).toBe(1);
  expect(await listConflicts(stores, 'flights-5', 10)).toEqual([
    { ...conflicting, _id: expect.stringMatching(/^a=sha256:/), prediction: 'a' },
  ]);
  expect(await findPrediction(stores, 'flights-5', 'a')).toMatchObject({
    record: { inputs: { distance: 300 }, score: 0.2 },
  });
  expect(await countStored(stores, 'flights-5')).toEqual({ predictions: 2, truths: 0 });
});

test('endpoints whose names begin alike are told apart', async () => {
  expect(await countStored(stores, 'flights-1')).toEqual({ predictions: 6, truths: 4 });
  expect(await countStored(stores, 'flights-11')).toEqual({ predictions: 1, truths: 0 });
  expect(await findPrediction(stores, 'flights-11', '20010202-a')).toMatchObject({ record: { score: 0.9 } });
  expect(await findPrediction(stores, 'flights-1', '20010202-nobody')).toBeUndefined();
});

test('6,403 days of event time are two collections', async () => {
  const first = Date.UTC(2001, 0, 1);
  const records = Array.from({ length: 6_403 }, (_, day) =>
    prediction(`day-${day}`, new Date(first + day * 86_400_000).toISOString())
  );
  await recordWriter(stores, 'days').insertPredictions(records);
  await recordWriter(stores, 'days').insertTruths([truth('day-1', 1, '2001-02-03T00:00:00Z')]);
  const names = (
    await raw(stores)
      .db.listCollections({ name: /\.days(\.|$)/ })
      .toArray()
  ).map(({ name }) => name);
  expect(names.filter((name) => !name.startsWith('unmatched')).sort()).toEqual(['predictions.days', 'truths.days']);
});

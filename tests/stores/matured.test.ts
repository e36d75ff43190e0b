/** Predictions with their truths, as a source reads them; and by indexes alone, however many there are. */
import type { Stores } from '../../src/stores/connect';
import { type MaturedPrediction, maturedDays, maturedOn } from '../../src/stores/matured';
import { recordWriter } from '../../src/stores/predictions';
import { raw } from '../support/raw-records';
import { reportedTruth, servedPrediction } from '../support/served-records';
import { dropStores, ownStores } from './served';

let stores: Stores;
beforeAll(async () => {
  stores = await ownStores('matured');
});
afterAll(() => dropStores(stores));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const shown = ({ prediction, truths }: MaturedPrediction) => [prediction._id, ...truths.map(({ value }) => value)];

test('days in their order, each with the predictions that have a truth; synthetic traffic has none', async () => {
  const writer = recordWriter(stores, 'flights-1');
  const { eventTime: _, ...timeless } = servedPrediction('timeless', '2001-02-02T00:00:00Z');
  await writer.insertPredictions([
    servedPrediction('late', '2001-02-02T23:59:59.999Z', { version: 2 }),
    servedPrediction('b', '2001-02-02T06:00:00Z'),
    servedPrediction('a', '2001-02-02T06:00:00Z'),
    servedPrediction('open', '2001-02-02T07:00:00Z'),
    servedPrediction('next', '2001-02-03T00:00:00Z'),
    servedPrediction('unknown', '2001-02-04T00:00:00Z'),
    servedPrediction('far', '2001-03-01T00:00:00Z'),
    servedPrediction('before', '1969-12-31T23:00:00Z'),
    servedPrediction('probe', '2001-02-02T06:00:00Z', { synthetic: true }),
    servedPrediction('probe-alone', '2001-02-09T06:00:00Z', { synthetic: true }),
    { ...timeless, withoutEventTime: true },
  ]);
  expect(await all(maturedDays(stores, 'flights-1'))).toEqual([]);
  const known = ['late', 'b', 'a', 'next', 'far', 'before', 'probe', 'probe-alone', 'timeless'];
  await writer.insertTruths(known.map((id) => reportedTruth(id, 1, '2001-03-02T00:00:00Z')));
  await writer.insertTruths([reportedTruth('a', 0, '2001-03-01T00:00:00Z', 1)]);
  const days = await all(maturedDays(stores, 'flights-1'));
  expect(days).toEqual(['none', '1969-12-31', '2001-02-02', '2001-02-03', '2001-03-01']);
  const rows = await Promise.all(days.map((day) => all(maturedOn(stores, 'flights-1', day))));
  expect(rows.map((found) => found.map(shown))).toEqual([
    [['timeless', 1]],
    [['before', 1]],
    [
      ['a', 1, 0],
      ['b', 1],
      ['late', 1],
    ],
    [['next', 1]],
    [['far', 1]],
  ]);
  expect(await all(maturedDays(stores, 'nobody'))).toEqual([]);
});

test('many are read in batches, by indexes alone; another endpoint is left out', async () => {
  const ids = Array.from({ length: 2_500 }, (_, row) => `p${String(row).padStart(4, '0')}`);
  const writer = recordWriter(stores, 'flights-2');
  await writer.insertPredictions(ids.map((id) => servedPrediction(id, '2001-02-02T06:00:00Z')));
  await writer.insertTruths(ids.map((id) => reportedTruth(id, 0, '2001-02-03T00:00:00Z')));
  await writer.insertTruths(ids.slice(990, 1_010).map((id) => reportedTruth(id, 1, '2001-02-04T00:00:00Z', 1)));
  const { db } = raw(stores);
  await db.createCollection('system.profile', { capped: true, size: 64 * 2 ** 20 });
  await db.command({ profile: 2 });
  const days = await all(maturedDays(stores, 'flights-2'));
  const rows = await all(maturedOn(stores, 'flights-2', days[0]!));
  await db.command({ profile: 0 });
  expect(days).toEqual(['2001-02-02']);
  expect(rows.map(({ prediction }) => prediction._id)).toEqual(ids);
  expect(rows.filter(({ truths }) => truths.length === 2)).toHaveLength(20);
  const asked = await db
    .collection('system.profile')
    .find({ ns: /flights-2$/, op: { $in: ['query', 'getmore'] } })
    .toArray();
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.filter(({ planSummary }) => /COLLSCAN/.test(String(planSummary)))).toEqual([]);
  expect(asked.filter(({ hasSortStage }) => hasSortStage === true)).toEqual([]);
  // Each truth and each prediction once, and a look for each day.
  expect(asked.reduce((sum, { docsExamined }) => sum + Number(docsExamined ?? 0), 0)).toBeLessThanOrEqual(
    2 * ids.length + 20 + 10
  );
});

test('a truth whose prediction is gone is an error that names it', async () => {
  const writer = recordWriter(stores, 'flights-3');
  await writer.insertPredictions([servedPrediction('a', '2001-02-02T06:00:00Z')]);
  await writer.insertTruths([reportedTruth('a', 0, '2001-02-03T00:00:00Z')]);
  await raw(stores).db.collection<{ _id: string }>('predictions.flights-3').deleteOne({ _id: 'a' });
  const read = all(maturedOn(stores, 'flights-3', '2001-02-02'));
  await expect(read).rejects.toMatchObject({ code: 'MLOPS_RECORD_MISSING', where: { prediction: 'a' } });
});

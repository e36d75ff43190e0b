/** Asking whether a window is due reads indexes alone: 200,000 predictions with truths on one day of event time. */
import type { Db } from 'mongodb';
import type { PredictionRecord, TruthRecord } from '../../src/domain/endpoint';
import { coverage, nextPredicted, recordWriter } from '../../src/stores/predictions';
import { knownWhen } from '../../src/stores/truths';
import { openTestEndpoint, type TestEndpoint } from '../replica/test-endpoint';
import { raw } from '../support/raw-records';

const ROWS = 200_000;
const FROM = Date.parse('2001-02-02T00:00:00Z');
const DAY = { from: '2001-02-02T00:00:00.000Z', to: '2001-02-03T00:00:00.000Z' };
const AS_OF = '2001-02-09T00:00:00Z';

let endpoint: TestEndpoint;
let db: Db;

beforeAll(async () => {
  endpoint = await openTestEndpoint();
  db = raw(endpoint.stores).db;
  const writer = recordWriter(endpoint.stores, 'many');
  const receivedAt = new Date();
  for (let at = 0; at < ROWS; at += 20_000) {
    const rows = Array.from({ length: 20_000 }, (_, i) => at + i);
    await writer.insertPredictions(
      rows.map(
        (row): PredictionRecord => ({
          _id: `p${row}`,
          v: 1,
          version: 1,
          route: 'champion',
          revision: 1,
          eventTime: new Date(FROM + row * 400),
          inputs: {},
          score: 0.5,
          decision: 0,
          ...(row % 1_000 === 0 ? { synthetic: true as const } : {}),
          replica: 'r1',
          receivedAt,
        })
      )
    );
    await writer.insertTruths(
      rows.map(
        (row): TruthRecord => ({
          _id: `p${row}#0`,
          v: 1,
          prediction: `p${row}`,
          revision: 0,
          value: row % 2,
          knownAt: new Date(FROM + 86_400_000 + row),
          receivedAt,
        })
      )
    );
  }
});
afterAll(() => endpoint.close());

test('no question about a window reads a record or scans a collection', async () => {
  await db.command({ profile: 2 });
  const counted = await coverage(endpoint.stores, 'many', DAY, AS_OF);
  const known = await knownWhen(endpoint.stores, 'many', DAY, 1, 100_000, AS_OF);
  const next = await nextPredicted(endpoint.stores, 'many', '2001-02-02T12:00:00Z');
  await db.command({ profile: 0 });
  const predictions = ROWS - ROWS / 1_000;
  expect(counted).toEqual({ version: 1, predictions, truths: predictions });
  expect(known).toBeDefined();
  expect(next).toEqual(new Date('2001-02-02T12:00:00.400Z'));

  const asked = await db
    .collection('system.profile')
    .find({ ns: { $regex: '\\.(predictions|truths)\\.many$' }, op: { $in: ['query', 'command'] } })
    .toArray();
  expect(asked).toHaveLength(5);
  for (const each of asked) {
    expect(each.planSummary).toMatch(/^(IXSCAN|COUNT_SCAN)/);
    // The next prediction is looked for among synthetic ones.
    expect(each.docsExamined).toBeLessThanOrEqual(2);
  }
});

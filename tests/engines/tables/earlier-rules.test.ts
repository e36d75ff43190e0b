/** Rules about earlier data hold a batch against what people let in last, however its rows are taken: the same figures. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaDefinition } from '../../../src/domain/definition';
import type { RuleResult } from '../../../src/domain/records';
import type { Ingested } from '../../support/ingested';
import { type Columns, ingestOrders, type TestFolder, testFolder, TYPES, writeOrders } from './files';

const RULES: Partial<SchemaDefinition> = {
  ...{ newColumns: 'ignore', newCategories: 'ignore' },
  table: [
    { unique: ['price'], severity: 'warn', mostly: 0.5 },
    { drift: 'paid', floor: 0.1, pValue: 0.001, severity: 'warn' },
  ],
  dependencies: [{ name: 'city_of_amount', determinants: ['amount'], dependent: 'city', severity: 'warn' }],
};

/** An amount has one city. */
const FIRST = '* REPLACE (i % 4 AS amount)';
/** 500 rows more, all paid: ten in another city, ten of earlier prices, the last two of one price. */
const NEXT = `* REPLACE (i % 4 AS amount, i >= 1000 OR paid AS paid,
  CASE WHEN i BETWEEN 1000 AND 1009 THEN 'Kyiv' ELSE city END AS city,
  CASE WHEN i BETWEEN 1100 AND 1109 THEN (i - 1100) / 2 WHEN i = 1499 THEN 1498 / 2 ELSE price END AS price)`;

const FOUND = {
  city_of_amount: { verdict: 'failed', checked: 500, broken: 10, examples: [1000, 1001, 1002, 1003, 1004].map(row) },
  'price unique': { verdict: 'passed', checked: 500, broken: 12, examples: [1100, 1101, 1102, 1103, 1104].map(row) },
  'paid as in the snapshot before': { verdict: 'failed' },
};

let folder: TestFolder;
let letIn: Ingested;
beforeEach(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'), FIRST);
  letIn = await again({});
  await writeOrders(join(folder.path, 'orders.parquet'), NEXT, 1_500);
});
afterEach(() => folder.remove());

type Changes = NonNullable<Parameters<typeof ingestOrders>[1]>;

function again({ schema, ...changes }: Changes): Promise<Ingested> {
  const into = mkdtempSync(join(folder.path, 'next-'));
  return ingestOrders(folder.path, { into, schema: { ...RULES, ...schema }, ...changes });
}

function row(number: number): string {
  return `orders.parquet:${number}`;
}

function results({ validation }: Ingested): Readonly<Record<string, RuleResult>> {
  const named = validation.filter(({ rule }) => Object.hasOwn(FOUND, rule));
  return Object.fromEntries(named.map((each) => [each.rule, each]));
}

const declaring = (columns: Columns, key?: readonly string[]) => ({
  source: { columns, ...(key === undefined ? {} : { key }) },
});

test('rows that come to it, and all rows taken anew, have the same figures', async () => {
  const grown = results(await again({ parent: letIn }));
  expect(grown).toMatchObject(FOUND);
  expect(results(await again({ letIn }))).toEqual(grown);
});

test('so have rows that come to a batch that people did not let in, also where nothing comes', async () => {
  const turnedDown = await again({ parent: letIn });
  const expected = results(turnedDown);
  expect(results(await again({ parent: turnedDown, letIn, asOf: '2031-01-01T00:00:00Z' }))).toEqual(expected);
  // All is read, and no row is new.
  await writeOrders(join(folder.path, 'orders.parquet'), `${NEXT}, 1 AS extra`, 1_500);
  const read = await again({ parent: turnedDown, letIn });
  expect(read.snapshot.batches).toHaveLength(2);
  expect(results(read)).toEqual(expected);
});

test('other columns, and another key, since then change nothing', async () => {
  const expected = results(await again({ letIn }));
  const more = { ...TYPES, i: 'integer' } as const;
  expect(results(await again({ letIn, ...declaring(more) }))).toEqual(expected);
  expect(results(await again({ letIn, ...declaring(more, ['i']) }))).toEqual(expected);
  // What has another type since is not judged, and the others are as ever.
  const retyped = results(await again({ letIn, ...declaring({ ...TYPES, amount: 'number' }) }));
  expect(retyped).toMatchObject({ ...FOUND, city_of_amount: { verdict: 'not judged' } });
});

test('as of a day before any new row nothing is judged, and with a blocking rule a batch is refused as ever', async () => {
  const before = results(await again({ letIn, asOf: '2024-01-05T00:00:00Z' }));
  for (const name of Object.keys(FOUND)) expect(before[name]).toMatchObject({ verdict: 'not judged' });
  const block = RULES.dependencies!.map((rule) => ({ ...rule, severity: 'block' as const }));
  await expect(again({ letIn, schema: { dependencies: block } })).rejects.toThrow(
    /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `city_of_amount`: 10 of 500 rows break it/
  );
});

test('where every row of it is gone, it is what later rows are held against', async () => {
  await writeOrders(
    join(folder.path, 'orders.parquet'),
    `${NEXT.slice(0, -1)}, "at" + INTERVAL 1 SECOND AS "at")`,
    1_500
  );
  const grown = results(await again({ parent: letIn }));
  expect(grown['city_of_amount']).toMatchObject({ checked: 1_500, broken: 10 });
  expect(grown['paid as in the snapshot before']).toMatchObject({ verdict: 'failed' });
  expect(results(await again({ letIn }))).toEqual(grown);
});

test('a row that is corrected is not held against what it was', async () => {
  const key = declaring({ ...TYPES, i: 'integer' }, ['i']);
  await writeOrders(join(folder.path, 'orders.parquet'), `* REPLACE (i AS amount)`);
  const first = await again(key);
  await writeOrders(join(folder.path, 'orders.parquet'), `* REPLACE (i AS amount, lower(city) AS city)`);
  for (const changes of [{ parent: first }, { letIn: first }])
    expect(results(await again({ ...key, ...changes }))['city_of_amount']).toMatchObject({ verdict: 'not judged' });
});

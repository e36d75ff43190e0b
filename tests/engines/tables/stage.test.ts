/** The batch's table in its order: the same whether rows are put in order while they are read, or in a second step. */
import { join } from 'node:path';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { observe } from '../../../src/engines/tables/observe';
import { rowOrder } from '../../../src/engines/tables/row-order';
import { rowRules } from '../../../src/engines/tables/rules';
import { type Placing, stage } from '../../../src/engines/tables/stage';
import { ANYTHING, LATER, ORDERS, type TestFolder, testFolder, write } from './files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

/** Two equal rows, one without its event time, one that can't be read, one that is known in 2040. */
const ROWS = [
  ...['2024-01-02T00:00:00Z,2,0.5,Rome,true', '2024-01-01T00:00:00Z,1,0.5,Bern,true', ',3,0.5,Oslo,true'],
  ...['2024-01-03T00:00:00Z,x,0.5,Rome,true', '2040-01-01T00:00:00Z,5,0.5,Rome,true'],
  ...['2024-01-01T00:00:00Z,1,0.5,Bern,true', '2024-01-01T00:00:00Z,9,0.5,Bern,false'],
];

async function staged(key: readonly string[] | undefined, placing: Placing) {
  const reader = { file: { path: 'orders*.csv', format: 'csv' as const } };
  const source = { ...ORDERS, reader, ...(key === undefined ? {} : { key }) };
  const { files } = await observe(source, folder.path);
  const read = files.map((file) => ({ ...file, local: join(folder.path, file.path), from: 0, after: null }));
  const batch = { files: read, format: 'csv' as const, source, schema: ANYTHING, asOf: LATER };
  return withDatabase({ files: read.map(({ local }) => local), folder: folder.path }, async (database) => {
    const { good } = await stage(database, batch, rowRules(source, ANYTHING), folder.path, placing);
    const rows = await database.rows(
      'SELECT amount, __row, __reason, __key::VARCHAR AS key, __content::VARCHAR AS content FROM staged'
    );
    return { good, rows };
  });
}

test.each([['declared', ['amount']] as const, ['no', undefined] as const])(
  'with %s key: by event time and key, what is refused or not yet known behind',
  async (_, key) => {
    write(folder.path, 'orders.csv', `at,amount,price,city,paid\n${ROWS.join('\n')}\n`);
    const order = rowOrder(ORDERS);
    const direct = await staged(key, { order, memory: Number.POSITIVE_INFINITY });
    expect(await staged(key, { order, memory: 0 })).toEqual(direct);
    expect(direct.good).toBe(4);
    const numbers = direct.rows.map(({ __row }) => Number(__row));
    expect(new Set(numbers.slice(0, 3))).toEqual(new Set([1, 5, 6]));
    expect(numbers.indexOf(5)).toBe(numbers.indexOf(1) + 1);
    expect(numbers[3]).toBe(0);
    expect(numbers.at(-1)).toBe(4);
    expect(direct.rows.map(({ __reason }) => __reason === '')).toEqual([true, true, true, true, false, false, false]);
  }
);

test('rows of several files lie in one order', async () => {
  write(folder.path, 'orders-1.csv', `at,amount,price,city,paid\n${ROWS.slice(0, 2).join('\n')}\n`);
  write(folder.path, 'orders-2.csv', `at,amount,price,city,paid\n${ROWS.slice(5).join('\n')}\n`);
  const { rows } = await staged(['amount'], { order: rowOrder(ORDERS), memory: Number.POSITIVE_INFINITY });
  expect(rows.filter(({ amount }) => amount === 1n).map(({ __row }) => Number(__row))).toEqual([1, 0]);
  expect(rows.at(-1)?.['amount']).toBe(2n);
});

/** Which parts an exact sum of some values has; that sums with those alone have the same bits is join.test.ts's. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sumParts } from '../../../../src/engines/tables/views/exact-sum';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

test.each([
  ['whole numbers', ['1', '-3', '9007199254740993'], [0]],
  ['parts of one', ['0.1', '-0.25'], [-1]],
  ['both', ['1.5', 'NULL'], [-1, 0]],
  ['what is far above and far below', ['1e50', '1e-40'], [-2, 1]],
  ['what spans two', ['pi() * 1e29'], [0, 1]],
  ['zeros, of either sign', ['0.0', '-0.0'], [0]],
  ['no value', ['NULL'], [0]],
  ['what has no sum', ["'NaN'", "'Infinity'", '1e300'], [0]],
  ['no row', [], [0]],
])('%s', async (_, values, parts) => {
  await connection.run('CREATE OR REPLACE TABLE history (x DOUBLE)');
  for (const value of values) await connection.run(`INSERT INTO history VALUES (${value}::DOUBLE)`);
  const database = {
    run: async (sql: string) => void (await connection.run(sql)),
    rows: async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS(),
    chunks: () => {
      throw new Error('not here');
    },
  };
  expect(await sumParts(database, 'x', 'history')).toEqual(parts);
});

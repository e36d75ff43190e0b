/** Minus zero is zero from where values are read on: a dictionary in a Parquet file keeps one of the two for both. */
import { join } from 'node:path';
import { loadColumns } from '../../../src/engines/tables/load';
import { ingestOrders, sql, type TestFolder, testFolder } from './files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const COLUMNS = { at: 'timestamp', n: 'integer', x: 'number', v: 'vector(2)' } as const;
const ROWS = 400;

/** By number and by list, each sign every other time. */
const SIGNED = `SELECT timestamp '2024-01-01' + to_minutes(i) AS at, i % 7 AS n,
  CASE i % 4 WHEN 0 THEN '-0.0'::DOUBLE WHEN 1 THEN 0 WHEN 2 THEN 1 END AS x,
  CASE i % 2 WHEN 0 THEN ['-0.0'::DOUBLE, 2] ELSE [0, 2] END AS v FROM range(${ROWS}) r(i)`;

const WRITE = {
  parquet: (file: string) => sql(`COPY (${SIGNED}) TO '${file}' (FORMAT parquet)`),
  'parquet, dictionaries that begin with either zero': (file: string) =>
    sql(
      `COPY (SELECT * FROM (${SIGNED}) ORDER BY n DESC, "at" DESC) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 100)`
    ),
  csv: (file: string) => sql(`COPY (${SIGNED}) TO '${file}' (FORMAT csv, HEADER)`),
  jsonl: (file: string) => sql(`COPY (${SIGNED}) TO '${file}' (FORMAT json)`),
} as const;

async function loaded(how: keyof typeof WRITE) {
  const format = how.startsWith('parquet') ? 'parquet' : (how as 'csv' | 'jsonl');
  await WRITE[how](join(folder.path, `orders.${format}`));
  const source = { columns: COLUMNS, eventTime: 'at', knownAt: { column: 'at' } } as const;
  const { data, snapshot } = await ingestOrders(folder.path, { format, source });
  expect(snapshot.account.quarantined).toBe(0);
  const { table } = await loadColumns({ shards: data, columns: COLUMNS, where: {}, eventTime: 'at' });
  return { columns: table.columns, digests: snapshot.shards.map(({ rowsDigest }) => rowsDigest) };
}

test('the file of the test has both zeros in dictionaries', async () => {
  const file = join(folder.path, 'a.parquet');
  await WRITE.parquet(file);
  const [x] = await sql(
    `SELECT encodings, dictionary_page_offset AS at FROM parquet_metadata('${file}') WHERE path_in_schema = 'x'`
  );
  expect(x).toMatchObject({ encodings: expect.stringMatching(/DICTIONARY/), at: expect.anything() });
});

test.each(Object.keys(WRITE) as (keyof typeof WRITE)[])('%s: no zero in memory has a sign', async (how) => {
  const { columns } = await loaded(how);
  const [x, v] = [columns['x'], columns['v']];
  if (x?.type !== 'number' || v?.type !== 'vector') throw new Error('not numbers');
  // Jest's equality knows the sign of a zero.
  expect([...x.values].filter((value) => value === 0)).toEqual(new Array<number>(ROWS / 2).fill(0));
  expect([...v.values].filter((value) => value === 0)).toEqual(new Array<number>(ROWS).fill(0));
});

test('rows have one digest, whatever file they come from', async () => {
  const digests = [];
  for (const how of Object.keys(WRITE) as (keyof typeof WRITE)[]) digests.push((await loaded(how)).digests);
  expect(new Set(digests.map((each) => each.join())).size).toBe(1);
});

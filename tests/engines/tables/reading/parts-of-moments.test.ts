/** A moment whose parts stand in several columns: the same rule in every format. */
import { join } from 'node:path';
import { sql, type TestFolder, testFolder, write } from '../files';
import { read } from './read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const MONTH = { at: { type: 'timestamp', from: ['year', 'month'], format: ['%Y %m'] } } as const;
const at = (moment: string | null) => ({ at: moment });
const EXPECTED = [
  at('2000-01-01 00:00:00'),
  at('2000-12-01 00:00:00'),
  // One part is missing.
  at(null),
  { ...at(null), unparsed: { at: '2000 13' }, reason: 'at: not a timestamp' },
];

test('CSV', async () => {
  const file = write(folder.path, 'a.csv', 'month,year\n1,2000\n12,2000\nNA,2000\n13,2000\n');
  const reads = { format: 'csv', columns: MONTH, missing: ['', 'NA'], folder: folder.path } as const;
  expect(await read(file, reads)).toEqual(EXPECTED);
});

test('JSON Lines, as numbers or as texts', async () => {
  const lines = ['{"year": 2000, "month": 1}', '{"year": "2000", "month": 12}', '{"year": 2000}'];
  const file = write(folder.path, 'a.jsonl', [...lines, '{"year": 2000, "month": 13}'].join('\n'));
  expect(await read(file, { format: 'jsonl', columns: MONTH, folder: folder.path })).toEqual(EXPECTED);
});

test.each(['INTEGER', 'DOUBLE', 'VARCHAR'])('Parquet, months as %s', async (type) => {
  const file = join(folder.path, 'a.parquet');
  const months = `SELECT 2000 AS year, m::${type} AS month FROM (VALUES (1), (12), (NULL), (13)) t(m)`;
  await sql(`COPY (${months}) TO '${file}' (FORMAT parquet)`);
  expect(await read(file, { format: 'parquet', columns: MONTH, folder: folder.path })).toEqual(EXPECTED);
});

test('a date and a time of day, in a zone; one column may be a part of two', async () => {
  const columns = {
    day: { type: 'timestamp', from: 'date' },
    at: { type: 'timestamp', from: ['date', 'time'], zone: 'Europe/Oslo' },
  } as const;
  const file = write(folder.path, 'a.csv', 'date,time\n2024-07-15,10:05\n');
  expect(await read(file, { format: 'csv', columns, folder: folder.path })).toEqual([
    { day: '2024-07-15 00:00:00', at: '2024-07-15 08:05:00' },
  ]);
});

test('a part that the file lacks is named', async () => {
  const file = write(folder.path, 'a.csv', 'year,Month\n2000,1\n');
  await expect(read(file, { format: 'csv', columns: MONTH, folder: folder.path })).rejects.toMatchObject({
    code: 'MLOPS_COLUMN_MISSING',
    where: { column: 'at', name: 'month' },
    fix: expect.stringContaining('"Month"'),
  });
});

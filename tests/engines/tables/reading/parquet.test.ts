import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ColumnType } from '../../../../src/domain/definition';
import { type Columns, sql, type TestFolder, testFolder, write } from '../files';
import { read } from './read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

async function parquet(select: string, columns: Columns, missing?: readonly string[]): Promise<readonly object[]> {
  const file = join(folder.path, 'a.parquet');
  await sql(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  return read(file, { format: 'parquet', columns, folder: folder.path, ...(missing === undefined ? {} : { missing }) });
}

describe('a value is what its type in the file can say', () => {
  test.each<[string, ColumnType, string, unknown]>([
    ["'x'::VARCHAR", 'string', 'VARCHAR', 'x'],
    ["'b'::ENUM('a', 'b')", 'string', 'ENUM', 'b'],
    ["'0e37df36-f698-11e6-8dd4-cb9ced3df976'::UUID", 'string', 'UUID', '0e37df36-f698-11e6-8dd4-cb9ced3df976'],
    ["'10:05:00'::TIME", 'string', 'TIME', '10:05:00'],
    ['(-7)::TINYINT', 'integer', 'TINYINT', -7n],
    ['7::UINTEGER', 'integer', 'UINTEGER', 7n],
    ['7::UBIGINT', 'integer', 'UBIGINT', 7n],
    ['596::DOUBLE', 'integer', 'DOUBLE', 596n],
    ['596::FLOAT', 'integer', 'FLOAT', 596n],
    ['596::DECIMAL(38, 0)', 'integer', 'DECIMAL(38,0)', 596n],
    ['596::DECIMAL(10, 2)', 'integer', 'DECIMAL(10,2)', 596n],
    ['596::HUGEINT', 'integer', 'HUGEINT', 596n],
    ["'596.0'", 'integer', 'VARCHAR', 596n],
    ['1.5::DECIMAL(10, 2)', 'number', 'DECIMAL', 1.5],
    ['1.5::FLOAT', 'number', 'FLOAT', 1.5],
    ['2::UBIGINT', 'number', 'UBIGINT', 2],
    ["'1.5'", 'number', 'VARCHAR', 1.5],
    ['true', 'boolean', 'BOOLEAN', true],
    ["DATE '2024-01-15'", 'timestamp', 'DATE', '2024-01-15 00:00:00'],
    ["TIMESTAMP '2024-01-15 10:05:20.123456'", 'timestamp', 'TIMESTAMP', '2024-01-15 10:05:20.123456'],
    ["TIMESTAMP_NS '2024-01-15 10:05:20.123456789'", 'timestamp', 'TIMESTAMP_NS', '2024-01-15 10:05:20.123456'],
    ["TIMESTAMP_S '2024-01-15 10:05:20'", 'timestamp', 'TIMESTAMP_S', '2024-01-15 10:05:20'],
    ["TIMESTAMPTZ '2024-01-15 10:05:20+02'", 'timestamp', 'TIMESTAMPTZ', '2024-01-15 08:05:20'],
    ["'2024-01-15T10:05:20Z'", 'timestamp', 'VARCHAR', '2024-01-15 10:05:20'],
  ])('%s as %s (%s)', async (value, type, _, expected) => {
    expect(await parquet(`SELECT ${value} AS a UNION ALL SELECT NULL`, { a: type })).toEqual([
      { a: expected },
      { a: null },
    ]);
  });

  test('also where it counts time, or is local', async () => {
    const columns = {
      ms: { type: 'timestamp', format: ['epoch ms'] },
      local: { type: 'timestamp', zone: 'Europe/Oslo' },
      day: { type: 'timestamp', zone: 'Europe/Oslo' },
      utc: { type: 'timestamp', zone: 'Europe/Oslo' },
    } as const;
    const select = `SELECT 1705276800123 AS ms, TIMESTAMP '2024-07-15 10:00:00' AS local, DATE '2024-07-15' AS day, TIMESTAMPTZ '2024-07-15 10:00:00Z' AS utc`;
    expect(await parquet(select, columns)).toEqual([
      {
        ms: '2024-01-15 00:00:00.123',
        local: '2024-07-15 08:00:00',
        day: '2024-07-14 22:00:00',
        utc: '2024-07-15 10:00:00',
      },
    ]);
  });

  test('NaN, an infinite moment and marks are missing', async () => {
    const columns = { n: 'number', i: 'integer', t: 'timestamp', s: 'string' } as const;
    const select = `SELECT 'nan'::DOUBLE AS n, 'nan'::DOUBLE AS i, TIMESTAMP 'infinity' AS t, 'NA' AS s`;
    expect(await parquet(select, columns, ['NA'])).toEqual([{ n: null, i: null, t: null, s: null }]);
  });
});

test.each<[string, ColumnType, string]>([
  ['1.5::DOUBLE', 'integer', '1.5'],
  ["'inf'::DOUBLE", 'integer', 'inf'],
  ['1e19::DOUBLE', 'integer', '1e+19'],
  ['1.5::DECIMAL(10, 2)', 'integer', '1.50'],
  ['18446744073709551615::UBIGINT', 'integer', '18446744073709551615'],
  ["'x'", 'number', 'x'],
  ["TIMESTAMP '290000-01-01'", 'timestamp', '290000-01-01 00:00:00'],
  ["TIMESTAMP '-290307-01-01'", 'timestamp', '290308-01-01 (BC) 00:00:00'],
  ["DATE '5877642-01-01'", 'timestamp', '5877642-01-01'],
])('%s is no %s: it is kept aside', async (value, type, shown) => {
  expect(await parquet(`SELECT ${value} AS a`, { a: type })).toEqual([
    { a: null, unparsed: { a: shown }, reason: expect.stringMatching(/^a: not an? /) as string },
  ]);
});

test.each([
  ['nested', '{x: 1}', 'string', 'STRUCT'],
  ['a list', '[1, 2]', 'number', 'INTEGER'],
  ['a map', "MAP {'a': 1}", 'string', 'MAP'],
  ['bytes', "'x'::BLOB", 'string', 'BLOB'],
  ['a number', '1', 'string', 'INTEGER'],
  ['a number, without a format', '1705276800', 'timestamp', 'INTEGER'],
  ['a number', '1', 'boolean', 'INTEGER'],
] as const)('a column that is %s is refused where it is declared', async (_, value, type, found) => {
  await expect(parquet(`SELECT 1 AS b, ${value} AS a`, { a: type })).rejects.toThrow(
    new RegExp(`COLUMN_TYPE.*column=a, declared=${type}, found=${found}`)
  );
  expect(await parquet(`SELECT 1 AS b, ${value} AS a`, { b: 'integer' })).toEqual([{ b: 1n }]);
});

/** By pyarrow: a column of Parquet's null type, two rows. */
const OF_NULLS =
  'UEFSMRUAFQwVDCwVBBUAFQYVBhwAAAACAAAABAAVBBksNQAYBnNjaGVtYRUCABUCJQIYAW5svAAAABYEGRwZHCYAHBUCGSUGABkYAW4VABYEFjIWMiYISRwVABUAFQIAPCkGGSYEAAAAABYyFgQmCBYyACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZHBwAAAB+AAAAUEFSMQ==';
/** By pyarrow: x = 1, x = 2, y = 3. */
const TWICE =
  'UEFSMRUAFRwVHCwVAhUAFQYVBhwAAAACAAAAAgEBAAAAAAAAABUAFRwVHCwVAhUAFQYVBhwAAAACAAAAAgECAAAAAAAAABUAFRwVHCwVAhUAFQYVBhwAAAACAAAAAgEDAAAAAAAAABUEGUw1ABgGc2NoZW1hFQYAFQQlAhgBeAAVBCUCGAF4ABUEJQIYAXkAFgIZHBk8JgAcFQQZJQYAGRgBeBUAFgIWQhZCJghJHBUAFQAVAgA8KQYZJgACAAAAJgAcFQQZJQYAGRgBeBUAFgIWQhZCJkpJHBUAFQAVAgA8KQYZJgACAAAAJgAcFQQZJQYAGRgBeRUAFgIWQhZCJowBSRwVABUAFQIAPCkGGSYAAgAAABbGARYCJggWxgEAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRk8HAAAHAAAHAAAAOcAAABQQVIx';
const fixture = (base64: string) => write(folder.path, 'fixture.parquet', Buffer.from(base64, 'base64'));

test.each(['string', 'integer', 'number', 'boolean', 'timestamp'] as const)(
  'a column of the null type is missing in every row of a %s',
  async (type) => {
    const rows = await read(fixture(OF_NULLS), { format: 'parquet', columns: { n: type }, folder: folder.path });
    expect(rows).toEqual([{ n: null }, { n: null }]);
  }
);

test('a name that is there twice matters only where it is declared', async () => {
  const file = fixture(TWICE);
  expect(await read(file, { format: 'parquet', columns: { y: 'integer' }, folder: folder.path })).toEqual([{ y: 3n }]);
  const declared = read(file, { format: 'parquet', columns: { x: 'integer' }, folder: folder.path });
  await expect(declared).rejects.toThrow(/COLUMN_AMBIGUOUS.*column=x/);
});

test('columns are found by their names, whatever else the file holds', async () => {
  const select = `SELECT 7 AS file_row_number, 8 AS filename, {a: 9, b: {c: 1}} AS nested, 'x' AS "Temp (°C)", 10 AS __row, [1] AS l, 11 AS a`;
  const columns = {
    a: 'integer',
    t: { type: 'string', from: 'Temp (°C)' },
    n: { type: 'integer', from: 'file_row_number' },
  } as const;
  expect(await parquet(select, columns)).toEqual([{ a: 11n, t: 'x', n: 7n }]);
  await expect(parquet(select, { A: 'integer' })).rejects.toThrow(/COLUMN_MISSING.*column=A.*The file has "a"/);
});

test('gzip is seen by its content; a stream that is cut is refused by the name of the file', async () => {
  const plain = join(folder.path, 'plain.parquet');
  await sql(`COPY (SELECT 1 AS a) TO '${plain}' (FORMAT parquet)`);
  const packed = gzipSync(readFileSync(plain));
  const reading = { format: 'parquet', columns: { a: 'integer' }, folder: folder.path } as const;
  expect(await read(write(folder.path, 'a.parquet.gz', packed), reading)).toEqual([{ a: 1n }]);
  const cut = write(folder.path, 'cut.parquet.gz', packed.subarray(0, 100));
  await expect(read(cut, reading)).rejects.toThrow(/SOURCE_UNREADABLE: The gzip stream is cut short.*cut\.parquet\.gz/);
});

test.each(['a=7', 'at=2024-01-15', 'x[1]'])('a folder named %s says nothing of values', async (name) => {
  mkdirSync(join(folder.path, name));
  const plain = join(folder.path, 'plain.parquet');
  await sql(`COPY (SELECT 1 AS a, 'x' AS at) TO '${plain}' (FORMAT parquet)`);
  const file = write(join(folder.path, name), 'part-0.parquet', readFileSync(plain));
  const columns = { a: 'integer', at: 'string' } as const;
  expect(await read(file, { format: 'parquet', columns, folder: folder.path })).toEqual([{ a: 1n, at: 'x' }]);
});

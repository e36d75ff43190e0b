/** A prepared source: what a statement makes of snapshots, as a file for ingest. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceDefinition } from '../../../../src/domain/definition';
import { type PrepareInput, type PreparedFrom, prepareJob } from '../../../../src/engines/tables/prepare/prepare-job';
import { type Ingested, ingestFiles } from '../../../support/ingested';
import { ANYTHING, type Columns, columnsOf, context, LATER, sql, type TestFolder, testFolder, write } from '../files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const FLIGHTS = { t: 'timestamp', id: 'integer', origin: 'string', delay: 'number' } as const;
const WEATHER = { t: 'timestamp', station: 'string', wind: 'number' } as const;

async function ingestCsv(name: string, columns: Columns, files: Readonly<Record<string, string>>, parent?: Ingested) {
  const source: SourceDefinition = {
    name,
    reader: { file: { path: `${name}*.csv`, format: 'csv' } },
    missing: [''],
    columns: columnsOf(columns),
    eventTime: 't',
    knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } },
  };
  const into = testFolder();
  const observed = Object.entries(files).map(([file, content]) => ({
    path: file,
    digest: `sha256:${createHash('sha256').update(content).digest('hex')}` as const,
    bytes: content.length,
    local: write(folder.path, file, content),
  }));
  return ingestFiles(
    { files: observed, format: 'csv', source, schema: ANYTHING, asOf: LATER, parent },
    context(into.path)
  );
}

const flights = { 'flights1.csv': 't,id,origin,delay\n2024-01-01T10:00:00,1,OSL,3\n2024-01-01T12:30:00,2,OSL,-1\n' };
const more = { 'flights2.csv': 't,id,origin,delay\n2024-01-01T11:00:00,3,BER,0.1\n2024-01-01T09:00:00,4,OSL,0.2\n' };
const weather = { 'weather.csv': 't,station,wind\n2024-01-01T09:30:00,OSL,5\n2024-01-01T12:00:00,OSL,9\n' };

const from = (name: string, columns: PreparedFrom['columns'], { data }: Ingested): PreparedFrom => ({
  name,
  columns,
  shards: data,
});

const JOINED = `
  SELECT f.id, f.t AS "at", f.delay > 0 AS late, w.wind
  FROM flights f ASOF LEFT JOIN weather w ON f.origin = w.station AND f.t >= w.t; `;
const COLUMNS = { id: 'integer', at: 'timestamp', late: 'boolean', wind: 'number' } as const;

async function prepare(changes: Partial<PrepareInput> = {}): Promise<readonly object[]> {
  const tables = [
    from('flights', FLIGHTS, await ingestCsv('flights', FLIGHTS, { ...flights, ...more })),
    from('weather', WEATHER, await ingestCsv('weather', WEATHER, weather)),
  ];
  await prepareJob(
    { source: 'joined', statement: JOINED, tables, columns: COLUMNS, key: ['id'], mostRows: 100, ...changes },
    context(folder.path)
  );
  return sql(`SELECT * FROM '${join(folder.path, 'prepared.parquet')}'`);
}

test('joins two snapshots as of the event time, ordered by the key', async () => {
  const rows = await prepare({ columns: { id: 'integer', late: 'boolean', wind: 'number' } });
  expect(rows).toEqual([
    { id: 1n, late: true, wind: 5 },
    { id: 2n, late: false, wind: 9 },
    { id: 3n, late: true, wind: null },
    { id: 4n, late: true, wind: null },
  ]);
});

test('gives the same bytes for the same rows, whatever batches they came with', async () => {
  const digest = async (ingested: Ingested) => {
    const tables = [from('flights', FLIGHTS, ingested)];
    // Sums of doubles depend on the order of their terms.
    const statement = 'SELECT origin, sum(delay) AS delay, count(*) AS n FROM flights GROUP BY origin';
    const columns = { origin: 'string', delay: 'number', n: 'integer' } as const;
    await prepare({ tables, statement, columns, key: ['origin'] });
    return createHash('sha256')
      .update(readFileSync(join(folder.path, 'prepared.parquet')))
      .digest('hex');
  };
  const whole = await ingestCsv('flights', FLIGHTS, { ...flights, ...more });
  const first = await ingestCsv('flights', FLIGHTS, flights);
  const grown = await ingestCsv('flights', FLIGHTS, { ...flights, ...more }, first);
  expect(grown.snapshot.batches).toHaveLength(2);
  expect(await digest(grown)).toBe(await digest(whole));
});

test.each([
  [
    'a join that multiplies rows',
    {
      statement:
        'SELECT f.id, true AS late, f.t AS "at", 1.5 AS wind FROM flights f JOIN weather w ON f.origin = w.station',
    },
    /KEY_REPEATED.*source=joined, key=id, keys=3, rows=6.*multiply/,
  ],
  [
    'two sources that have a key in common',
    {
      statement:
        'SELECT id, true AS late, t AS "at", 1.5 AS wind FROM flights UNION ALL SELECT id + 1, false, t, 2.5 FROM flights',
    },
    /KEY_REPEATED.*source=joined, key=id, keys=3, rows=6/,
  ],
  ['a join without an end', { mostRows: 3 }, /TOO_MANY_ROWS.*source=joined, limit=3.*preparedRows/],
  [
    'a column that it does not give',
    { columns: { ...COLUMNS, rain: 'number' } },
    /COLUMN_MISSING.*column=rain, given=id, at, late, wind/,
  ],
  ['a column of another type', { columns: { ...COLUMNS, late: 'integer' } }, /COLUMN_TYPE.*late.*integer.*BOOLEAN/],
  ['a column that is nowhere', { statement: 'SELECT nothing FROM flights' }, /SQL_FAILED.*nothing/],
  [
    'a value that can not be computed',
    { statement: 'SELECT id, t AS "at", true AS late, origin::DOUBLE AS wind FROM flights' },
    /SQL_FAILED.*Could not convert string '…' to DOUBLE/,
  ],
  ['a refused statement', { statement: 'SELECT random() AS id FROM flights' }, /SQL_REFUSED.*source=joined.*random/],
] as const)('%s is an error that names the source', async (_, changes, said) => {
  await expect(prepare(changes)).rejects.toThrow(said);
});

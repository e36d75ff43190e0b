/** Rows joined with feature views, from ingested snapshots: late, corrected, withdrawn from the clock, in whatever batches. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import type { SourceDefinition, ViewDefinition } from '../../../../src/domain/definition';
import { type PreparedFrom, prepareJob } from '../../../../src/engines/tables/prepare/prepare-job';
import { type Ingested, ingestFiles } from '../../../support/ingested';
import { ANYTHING, columnsOf, context, LATER, sql, type TestFolder, testFolder, write } from '../files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => {
  jest.restoreAllMocks();
  folder.remove();
});

const LANDINGS = { id: 'integer', left: 'timestamp', landed: 'timestamp', origin: 'string', delay: 'number' } as const;
const SOURCE: SourceDefinition = {
  name: 'flights',
  reader: { file: { path: 'flights*.csv', format: 'csv' } },
  missing: [''],
  columns: columnsOf(LANDINGS),
  key: ['id'],
  eventTime: 'left',
  knownAt: { column: 'landed' },
};

async function ingest(files: Readonly<Record<string, string>>, parent?: Ingested): Promise<Ingested> {
  const observed = Object.entries(files).map(([file, rows]) => {
    const content = `id,left,landed,origin,delay\n${rows}`;
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}` as const;
    return { path: file, digest, bytes: content.length, local: write(folder.path, file, content) };
  });
  const into = context(testFolder().path);
  return ingestFiles(
    {
      files: observed,
      format: 'csv',
      source: SOURCE,
      schema: { ...ANYTHING, maxQuarantinedShare: 1 },
      asOf: LATER,
      parent,
    },
    into
  );
}

const lately = (changes: Partial<ViewDefinition> = {}): ViewDefinition => ({
  from: 'flights',
  entity: ['origin'],
  clock: 'knownAt',
  window: { event: '1 hour' },
  ttl: { event: '2 hours' },
  values: { delays: 'sum(delay)', landings: 'count(*)' },
  whenOld: 'missing',
  ...changes,
});

async function joined(ingested: Pick<Ingested, 'data'>, view = lately(), mostRows = 100) {
  const flights: PreparedFrom = { name: 'flights', columns: LANDINGS, eventTime: 'left', shards: ingested.data };
  const { rows } = await prepareJob(
    {
      source: 'joined',
      join: { rows: 'flights', views: { lately: view } },
      tables: [flights],
      columns: { ...LANDINGS, delays: 'number', landings: 'integer' },
      key: ['id'],
      mostRows,
    },
    context(folder.path)
  );
  const file = join(folder.path, 'prepared.parquet');
  const given = await sql(`SELECT id, delays, landings FROM '${file}' ORDER BY id`);
  return {
    rows,
    digest: createHash('sha256').update(readFileSync(file)).digest('hex'),
    values: given.map(({ id, delays, landings }) => [Number(id), delays, landings === null ? null : Number(landings)]),
  };
}

const DAY = '2024-01-01T';
const FIRST = [
  `1,${DAY}08:00:00,${DAY}09:00:00,OSL,0.1`,
  `2,${DAY}08:10:00,${DAY}09:30:00,OSL,0.2`,
  // Lands at the moment in which the next one leaves.
  `3,${DAY}08:20:00,${DAY}10:00:00,OSL,0.3`,
  `4,${DAY}10:00:00,${DAY}11:00:00,OSL,4`,
  // Elsewhere, without an origin, without a clock.
  `5,${DAY}10:00:00,${DAY}11:00:00,BER,5`,
  `6,${DAY}10:00:00,${DAY}11:00:00,,6`,
  `7,,${DAY}09:40:00,OSL,7`,
  // More than two hours after the last landing.
  `8,${DAY}13:00:01,${DAY}14:00:00,OSL,8`,
].join('\n');
/** A correction of the second, known later, and a flight that was reported late. */
const SECOND = [`2,${DAY}08:10:00,${DAY}10:30:00,OSL,20`, `9,${DAY}10:45:00,${DAY}12:30:00,OSL,9`].join('\n');

test('a row takes what was known before its event time, of the hour before that became known', async () => {
  const { rows, values } = await joined(await ingest({ 'flights1.csv': FIRST }));
  expect(rows).toBe(7);
  expect(values).toEqual([
    [1, null, null],
    [2, null, null],
    [3, null, null],
    [4, 0.1 + 0.2, 2],
    [5, null, null],
    [6, null, null],
    [8, null, null],
  ]);
});

test('a correction counts from when it was known, and a late row from then on', async () => {
  const first = await ingest({ 'flights1.csv': FIRST });
  const { values } = await joined(await ingest({ 'flights1.csv': FIRST, 'flights2.csv': SECOND }, first));
  expect(values).toEqual([
    [1, null, null],
    [2, null, null],
    [3, null, null],
    [4, 0.1, 1],
    [5, null, null],
    [6, null, null],
    [8, 9, 1],
    [9, 20.3, 2],
  ]);
});

test.each([lately(), lately({ clock: 'eventTime', window: undefined as never, ttl: undefined as never })])(
  'batches change no byte',
  async (view) => {
    const files = { 'flights1.csv': FIRST, 'flights2.csv': SECOND };
    const grown = await ingest(files, await ingest({ 'flights1.csv': FIRST }));
    expect(grown.snapshot.batches).toHaveLength(2);
    const whole = await ingest(files);
    expect(whole.snapshot.batches).toHaveLength(1);
    expect(await joined(grown, view)).toEqual(await joined(whole, view));
  }
);

test.each([
  ['delay', 'not a call of one of'],
  ['stddev(delay)', 'not a call of one of'],
  ['sum(delay) + 1', 'not a call of one of'],
  ['sum(delay) OVER ()', 'not a call of one of'],
  ['sum(DISTINCT delay)', 'DISTINCT is for count alone'],
  ['last(delay ORDER BY id)', 'ORDER BY is not allowed'],
  ['max(random())', 'the function random is not allowed'],
  ['max(sum(delay))', 'the function sum is not allowed'],
  ['max((SELECT 1))', 'subquery is not allowed'],
  ['max(COLUMNS(*))', 'star is not allowed'],
  ['max(delya)', 'no column delya. Did you mean delay?'],
  ['max(current_date)', 'no column current_date'],
  ['1) FROM flights WHERE (true', 'not one expression'],
  ['count(*)); SELECT (1', 'not one expression'],
  ['count(*', 'syntax error'],
])('%s is refused, and said where', async (value, why) => {
  const refused = joined(await ingest({ 'flights1.csv': FIRST }), lately({ values: { delays: value } }));
  await expect(refused).rejects.toMatchObject({
    code: 'MLOPS_SQL_REFUSED',
    where: { view: 'lately', value: 'delays' },
  });
  await expect(refused).rejects.toThrow(why);
});

test('an integer too large for a double is kept as it is written', async () => {
  const view = lately({ values: { delays: 'max(delay)', landings: 'max(id + 9007199254740993)' } });
  const { values } = await joined(await ingest({ 'flights1.csv': FIRST }), view);
  const [, , , [, , most]] = values as [unknown, unknown, unknown, readonly [number, number, number]];
  expect(most).toBe(Number(9_007_199_254_740_995n));
});

test('the number of threads changes no byte of the file', async () => {
  const rows = 200_000;
  const data = join(folder.path, 'shard.parquet');
  // Doubles whose sum depends on the order in which they are added up; every third moment is another row's too.
  await sql(
    `COPY (SELECT i AS id, t AS left, t AS landed, 'E' || hash(i) % 5000 AS origin, (hash(i * 3) % 1000000) / 7.0::DOUBLE AS delay,
     md5(i::VARCHAR)::UUID AS __key, t AS __known_at FROM (SELECT i, make_timestamp(((i - i % 3) * 1000000)::BIGINT) AS t FROM range(${rows}) r(i)))
     TO '${data}' (FORMAT parquet, ROW_GROUP_SIZE 10000)`
  );
  const ingested = { data: [{ data, batch: 0, removed: [] }] };
  const once = async (threads: number, changes: Partial<ViewDefinition>) => {
    jest.spyOn(os, 'availableParallelism').mockReturnValue(threads);
    const made = await joined(ingested, lately({ window: { event: '5 hours' }, ...changes }), rows);
    return { rows: made.rows, digest: made.digest };
  };
  for (const values of [
    { delays: 'sum(delay)', landings: 'approx_count_distinct(id)' },
    { delays: 'last(delay)', landings: 'first(id)' },
  ]) {
    const first = await once(1, { values });
    expect(first.rows).toBe(rows);
    expect(await once(2, { values })).toEqual(first);
    expect(await once(5, { values })).toEqual(first);
  }
});

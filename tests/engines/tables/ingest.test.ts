import { digestOf } from '../../../src/runtime/digest';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observe } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles } from '../../support/ingested';
import {
  ANYTHING,
  context,
  ingestOrders,
  LATER,
  ORDERS,
  sql,
  type TestFolder,
  testFolder,
  write,
  writeOrders,
} from './files';

let folder: TestFolder;
beforeEach(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'));
});
afterEach(() => folder.remove());

const shardPath = (name: string) => join(folder.path, name);

describe('shards', () => {
  test('hold the declared columns and the row key, in the order of event time and key', async () => {
    const { data, snapshot } = await ingestOrders(folder.path, { rowsPerShard: 100 });
    expect(snapshot.rows).toBe(1_000);
    expect(snapshot.shards.reduce((sum, { rows }) => sum + rows, 0)).toBe(1_000);
    // A time is given to 864 s at once, so the order is that of the file.
    const all = await sql(`SELECT * FROM read_parquet([${data.map((shard) => `'${shard.data}'`).join(', ')}])`);
    expect(all.map(({ amount }) => Number(amount))).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    const [second] = snapshot.shards.slice(1);
    const from = snapshot.shards[0]!.rows;
    const at = (row: number) => new Date(Date.UTC(2024, 0, 1) + row * 864_000).toISOString();
    expect(second).toMatchObject({ minEventTime: at(from), maxEventTime: at(from + second!.rows - 1), batch: 0 });
    const [first] = await sql(`SELECT * FROM '${data[1]!.data}' LIMIT 1`);
    expect(Object.keys(first!).sort()).toEqual(
      [...Object.keys(ORDERS.columns), '__key', '__content', '__file', '__row', '__known_at'].sort()
    );
    expect(first).toMatchObject({
      amount: BigInt(from),
      __row: BigInt(from),
      __file: 'orders.parquet',
      __content: null,
    });
    const types = await sql(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${data[1]!.data}')`);
    expect(Object.fromEntries(types.map((each) => [each['column_name'], each['column_type']]))).toEqual({
      ...{ at: 'TIMESTAMP', amount: 'BIGINT', price: 'DOUBLE', city: 'VARCHAR', paid: 'BOOLEAN' },
      ...{ __key: 'UUID', __content: 'UUID', __file: 'VARCHAR', __row: 'BIGINT', __known_at: 'TIMESTAMP' },
    });
  });

  test('are the same bytes from the same rows', async () => {
    const into = join(folder.path, 'again');
    mkdirSync(into);
    const once = await ingestOrders(folder.path, { rowsPerShard: 100 });
    expect((await ingestOrders(folder.path, { rowsPerShard: 100, into })).snapshot).toEqual(once.snapshot);
    const bytes = readFileSync(join(into, 'shard-00001.parquet'));
    expect(bytes.equals(readFileSync(shardPath('shard-00001.parquet')))).toBe(true);
  });

  test('have a digest of their rows that knows nothing of how, where and in which order the file was written', async () => {
    const once = await ingestOrders(folder.path);
    const plain = join(folder.path, 'plain');
    mkdirSync(plain);
    await sql(
      `COPY (SELECT * FROM '${shardPath('orders.parquet')}' ORDER BY i DESC) TO '${join(plain, 'orders.parquet')}' (FORMAT parquet, COMPRESSION uncompressed)`
    );
    const rewritten = await ingestOrders(plain);
    expect(rewritten.shards[0]!.rowsDigest).toBe(once.shards[0]!.rowsDigest);
    await writeOrders(join(plain, 'orders.parquet'), '* REPLACE (CASE WHEN i = 7 THEN 0 ELSE price END AS price)');
    expect((await ingestOrders(plain)).shards[0]!.rowsDigest).not.toBe(once.shards[0]!.rowsDigest);
  });

  test('are cut by their rows alone: what comes before leaves later shards as they are', async () => {
    await writeOrders(shardPath('orders.parquet'), '*', 20_000);
    const digests = ({ snapshot }: Ingested) => snapshot.shards.map(({ rowsDigest }) => rowsDigest);
    const all = await ingestOrders(folder.path, { rowsPerShard: 500 });
    const sizes = all.snapshot.shards.map(({ rows }) => rows);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(125);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_000);
    await writeOrders(
      shardPath('orders.parquet'),
      '* REPLACE (CASE WHEN i = 3 THEN 9 ELSE price END AS price)',
      20_000
    );
    const changed = await ingestOrders(folder.path, { rowsPerShard: 500 });
    const shared = digests(changed).filter((digest) => digests(all).includes(digest));
    expect(shared.length).toBeGreaterThan(sizes.length / 2);
  });

  test('of a file whose rows come in any order are ordered, and say where a row was', async () => {
    await sql(
      `COPY (SELECT * FROM '${shardPath('orders.parquet')}' ORDER BY i DESC) TO '${shardPath('turned.parquet')}' (FORMAT parquet)`
    );
    writeFileSync(shardPath('orders.parquet'), readFileSync(shardPath('turned.parquet')));
    await ingestOrders(folder.path);
    const found = await sql(`SELECT amount, __row FROM '${shardPath('shard-00000.parquet')}' LIMIT 2`);
    expect(found).toEqual([
      { amount: 0n, __row: 999n },
      { amount: 1n, __row: 998n },
    ]);
  });
});

describe('a batch', () => {
  test('is what became known after the last one, and by asOf', async () => {
    // Row i is known at 01:00 + 864 s · i.
    let grown: Ingested | undefined;
    for (const asOf of ['2024-01-01T01:00:00Z', '2024-01-02T01:00:00Z', LATER]) {
      grown = await ingestOrders(folder.path, { parent: grown, asOf });
    }
    expect(grown!.snapshot.batches.map(({ added }) => added)).toEqual([1, 100, 899]);
    expect(grown!.snapshot.shards.map(({ name, batch }) => [name, batch])).toEqual([
      ['shard-00000', 0],
      ['shard-00001', 1],
      ['shard-00002', 2],
    ]);
  });

  test('without a new row is none', async () => {
    const parent = await ingestOrders(folder.path, { asOf: '2025-01-01T00:00:00Z' });
    const next = await ingestOrders(folder.path, { parent });
    expect(next.snapshot).toEqual({ ...parent.snapshot, asOf: LATER });
  });

  test('goes by a column that says when a row was known', async () => {
    await writeOrders(shardPath('orders.parquet'), '*, "at" + to_days(CASE WHEN i < 10 THEN 100 ELSE 0 END) AS seen');
    const source = { columns: { ...ORDERS.columns, seen: 'timestamp' }, knownAt: { column: 'seen' } } as const;
    const asOf = '2024-02-01T00:00:00Z';
    const parent = await ingestOrders(folder.path, { source, asOf });
    expect(parent.snapshot.account).toMatchObject({ source: 1_000, inSnapshot: 990, quarantined: 0, notYetKnown: 10 });
    // The others are not lost: they come with the batch in which they became known.
    const later = await ingestOrders(folder.path, { source, parent });
    expect(later.snapshot.account).toMatchObject({ inSnapshot: 1_000, late: 0, quarantined: 0, notYetKnown: 0 });
    const rows = await sql(
      `SELECT amount, __known_at = seen AND seen = "at" + to_days(100) AS known FROM '${shardPath('shard-00001.parquet')}' ORDER BY amount`
    );
    expect(rows).toEqual(Array.from({ length: 10 }, (_, i) => ({ amount: BigInt(i), known: true })));
  });

  test('rounds a linear rule to whole microseconds, once', async () => {
    const source = { knownAt: { eventTimePlus: { minutes: 0.5, minutesPer: { amount: 1 / 7, price: 1e-9 } } } };
    await ingestOrders(folder.path, { source });
    const found = await sql(
      `SELECT amount, price, epoch_us(__known_at) - epoch_us("at") AS minutes FROM '${shardPath('shard-00000.parquet')}'`
    );
    const expected = found.map(({ amount, price }) => {
      return BigInt(Math.round((0.5 + Number(amount) * (1 / 7) + Number(price) * 1e-9) * 60_000_000));
    });
    expect(found.map(({ minutes }) => minutes)).toEqual(expected);
  });
});

describe('the schema', () => {
  const rule = (change: object) => ({ column: 'amount', required: false, severity: 'block', ...change }) as const;

  test('puts rows that break a blocking rule in quarantine, with the reason', async () => {
    const schema = {
      columns: [rule({ min: 3, max: 995 }), rule({ column: 'city', oneOf: ['Oslo', 'Bern', 'Ålesund', 'Rome'] })],
    };
    const output = await ingestOrders(folder.path, { schema });
    expect(output.snapshot.account).toMatchObject({ inSnapshot: 993, quarantined: 7 });
    expect(output.snapshot.batches[0]!.reasons).toEqual([
      { rule: 'amount at least 3', rows: 3 },
      { rule: 'amount at most 995', rows: 4 },
    ]);
    const found = await sql(`SELECT amount, __row, __reason FROM '${output.locals['quarantine-00000']!}'`);
    expect(found[0]).toEqual({ amount: 0n, __row: 0n, __reason: 'amount at least 3' });
    expect(found[6]).toEqual({ amount: 999n, __row: 999n, __reason: 'amount at most 995' });
    const broken = output.validation.filter((each) => 'broken' in each && each.broken > 0);
    expect(broken).toMatchObject([
      {
        rule: 'amount at least 3',
        severity: 'block',
        broken: 3,
        examples: ['orders.parquet:0', 'orders.parquet:1', 'orders.parquet:2'],
      },
      { rule: 'amount at most 995', severity: 'block', broken: 4, examples: expect.any(Array) as unknown },
    ]);
  });

  test('counts rows that can not be read by what is wrong with them, and reads the others', async () => {
    const good = '2024-01-01,1,2.5,Oslo,true';
    const rows = [
      good,
      '2024-01-01,one,x,Oslo,true',
      good,
      'soon,2,1,Bern,false',
      good,
      '2024-01-01,1',
      good,
      '2024-01-01,7,1,Rome,',
    ];
    write(folder.path, 'orders.csv', `at,amount,price,city,paid\n${rows.join('\n')}\n`);
    const schema = { maxQuarantinedShare: 0.5, columns: [rule({ required: true, max: 5 })] };
    const output = await ingestOrders(folder.path, { format: 'csv', schema });
    expect(output.snapshot.account).toMatchObject({ inSnapshot: 4, quarantined: 4 });
    // What a row that can't be read says is unknown: it breaks no rule beside.
    expect(output.validation.filter((each) => 'broken' in each && each.broken > 0)).toMatchObject([
      { rule: 'amount at most 5', severity: 'block', broken: 1, examples: ['orders.csv:7'] },
      { rule: 'amount: not an integer', severity: 'block', broken: 1, examples: ['orders.csv:1'] },
      { rule: 'at: not a timestamp', severity: 'block', broken: 1, examples: ['orders.csv:3'] },
      { rule: 'price: not a number', severity: 'block', broken: 1, examples: ['orders.csv:1'] },
      { rule: 'row: fewer fields than the header', severity: 'block', broken: 1, examples: ['orders.csv:5'] },
    ]);
    const found = await sql(
      `SELECT __row, amount, city, __unparsed, __reason FROM '${output.locals['quarantine-00000']!}' WHERE __row = 1`
    );
    expect(found).toEqual([
      {
        __row: 1n,
        amount: null,
        city: 'Oslo',
        __unparsed: '{"amount":"one","price":"x"}',
        __reason: 'amount: not an integer; price: not a number',
      },
    ]);
    const refused = ingestOrders(folder.path, { format: 'csv', schema: { ...schema, maxQuarantinedShare: 0.1 } });
    await expect(refused).rejects.toThrow(/QUARANTINE_TOO_LARGE: 4 of 8 rows.*rule=.*row=orders\.csv:\d/);
  });

  test('only counts what breaks a rule of less weight', async () => {
    const output = await ingestOrders(folder.path, { schema: { columns: [rule({ min: 500, severity: 'warn' })] } });
    expect(output.snapshot).toMatchObject({ rows: 1_000, quarantine: [] });
    expect(output.validation.at(-1)).toMatchObject({ severity: 'warn', broken: 500 });
  });

  test('a row without its times is quarantined, once: when its event time is over, or at once without one', async () => {
    await writeOrders(
      shardPath('orders.parquet'),
      '* REPLACE (CASE WHEN i <> 5 THEN "at" END AS "at", CASE WHEN i NOT IN (9, 500) THEN price END AS price)'
    );
    const source = { knownAt: { eventTimePlus: { minutes: 1, minutesPer: { price: 0.001 } } } };
    const first = await ingestOrders(folder.path, { source, asOf: '2024-01-01T12:00:00Z' });
    expect(first.snapshot.account).toMatchObject({ quarantined: 2 });
    const next = await ingestOrders(folder.path, { source, parent: first });
    expect(next.snapshot.quarantine.map(({ rows }) => rows)).toEqual([2, 1]);
    expect(next.snapshot.account).toMatchObject({ source: 1_000, inSnapshot: 997, quarantined: 3, notYetKnown: 0 });
    const again = await ingestOrders(folder.path, { source, parent: next, asOf: '2031-01-01T00:00:00Z' });
    expect(again.snapshot.batches).toHaveLength(2);
  });

  test('rows that are not known yet count in no share', async () => {
    // Known by asOf: 100 rows, all good. Of the later 900 every second one breaks the rule, or has no clock.
    await writeOrders(
      shardPath('orders.parquet'),
      '* REPLACE (CASE WHEN i > 100 AND i % 4 = 0 THEN -1 ELSE amount END AS amount, CASE WHEN i < 101 OR i % 4 <> 2 THEN price END AS price)'
    );
    const source = { knownAt: { eventTimePlus: { minutes: 1, minutesPer: { price: 0.001 } } } };
    const schema = { columns: [rule({ min: 0 })], maxQuarantinedShare: 0 };
    const { snapshot } = await ingestOrders(folder.path, { source, schema, asOf: '2024-01-02T00:00:00Z' });
    expect(snapshot.account).toMatchObject({ inSnapshot: 100, quarantined: 0, notYetKnown: 900 });
    await expect(ingestOrders(folder.path, { source, schema })).rejects.toThrow(/QUARANTINE_TOO_LARGE/);
  });

  test.each([
    ['the year −290307', 'make_timestamp(-9223372022400000000)'],
    ['the year 12000', `timestamp '12000-01-01'`],
  ])('an event time in %s is quarantined', async (_, time) => {
    await writeOrders(shardPath('orders.parquet'), `* REPLACE (CASE WHEN i = 3 THEN ${time} ELSE "at" END AS "at")`);
    const { snapshot, validation } = await ingestOrders(folder.path);
    expect(snapshot.account).toMatchObject({ inSnapshot: 999, quarantined: 1 });
    expect(validation).toContainEqual(
      expect.objectContaining({ rule: 'at: not a timestamp', broken: 1, examples: ['orders.parquet:3'] })
    );
  });

  test('rows that are known later, as by a clock of 2099, are none of this batch: how many they are is said', async () => {
    await writeOrders(shardPath('orders.parquet'), '* REPLACE ("at" + INTERVAL 75 YEAR AS "at")');
    await expect(ingestOrders(folder.path, { schema: { minRows: 1 } })).rejects.toThrow(
      /TOO_FEW_ROWS.*0 rows, fewer than the 1.*knownAfterAsOf=1000.*Ask as of a later moment/
    );
    const { snapshot } = await ingestOrders(folder.path, { schema: { minRows: 1 }, asOf: '2100-01-01T00:00:00Z' });
    expect(snapshot.account).toMatchObject({ inSnapshot: 1_000, notYetKnown: 0 });
  });

  test('a row that is known after the year 9999 by its rule has no clock', async () => {
    const source = { knownAt: { eventTimePlus: { minutes: 0, minutesPer: { amount: 4_500_000 } } } };
    const { snapshot } = await ingestOrders(folder.path, { source, schema: { maxQuarantinedShare: 1 } });
    const years = (row: number) => (row * 4_500_000) / 525_960;
    const rows = Array.from({ length: 1_000 }, (_, row) => years(row));
    expect(snapshot.account.quarantined).toBe(rows.filter((after) => after > 9_999 - 2_024).length);
    expect(snapshot.account.quarantined + snapshot.account.inSnapshot + snapshot.account.notYetKnown).toBe(1_000);
  });

  test('a row without a part of its declared key is quarantined', async () => {
    await writeOrders(shardPath('orders.parquet'), '* REPLACE (CASE WHEN i <> 3 THEN amount END AS amount)');
    const { snapshot, validation } = await ingestOrders(folder.path, { source: { key: ['amount'] } });
    expect(snapshot.account).toMatchObject({ inSnapshot: 999, quarantined: 1 });
    expect(validation).toContainEqual(expect.objectContaining({ rule: 'amount present (key)', broken: 1 }));
  });

  test.each([
    [
      'a batch with too many such rows',
      { columns: [rule({ min: 500 })] },
      /QUARANTINE_TOO_LARGE.*500 of 1000.*amount at least 500.*orders.parquet:0/,
    ],
    ['too few rows', { minRows: 1_001 }, /TOO_FEW_ROWS.*1000 rows, fewer than the 1001.*Wait for more rows/],
    [
      'a rule of an undeclared column',
      { columns: [rule({ column: 'colour' })] },
      /DEFINITION_INVALID.*schema of colour/,
    ],
    ['a bound on text', { columns: [rule({ column: 'city', min: 1 })] }, /DEFINITION_INVALID/],
  ])('refuses %s', async (_, schema, said) => {
    await expect(ingestOrders(folder.path, { schema })).rejects.toThrow(said);
  });
});

test('of a private column nothing but counts leaves the shards', async () => {
  const columns = {
    ...ORDERS.columns,
    city: { type: 'string', privacy: true },
    amount: { type: 'integer', privacy: true },
  } as const;
  write(
    folder.path,
    'orders.csv',
    `at,amount,price,city,paid\n2024-01-01,7654321,1,Oslo,true\n2024-01-01,twelve,1,Bern,true\n`
  );
  const output = await ingestOrders(folder.path, {
    format: 'csv',
    source: { columns },
    schema: { maxQuarantinedShare: 1 },
  });
  expect(output.profile['city']).toEqual({ type: 'string', present: 1, missing: 0, distinct: 1, top: [] });
  expect(output.profile['amount']).toEqual({ type: 'integer', present: 1, missing: 0, distinct: 1, top: [] });
  expect(JSON.stringify(output)).not.toMatch(/Oslo|Bern|7654321|twelve/);
  const refused = ingestOrders(folder.path, { format: 'csv', source: { columns } }).catch(
    (error: Error) => error.message
  );
  expect(await refused).toMatch(/QUARANTINE_TOO_LARGE.*rule=amount: not an integer.*found=\{"amount":"…"\}/);
  expect(await refused).not.toMatch(/Oslo|Bern|twelve/);
});

test('the profile is exact, column by column', async () => {
  await writeOrders(
    shardPath('orders.parquet'),
    `* REPLACE (CASE WHEN i % 10 <> 0 THEN price ELSE 'nan' END AS price)`
  );
  const { profile } = await ingestOrders(folder.path);
  expect(profile['amount']).toMatchObject({
    present: 1_000,
    missing: 0,
    distinct: 1_000,
    spread: { min: 0, max: 999, quantiles: { '0.5': 499, '0.01': 9 }, histogram: new Array(20).fill(50) },
  });
  expect(profile['amount']!.moments!.mean).toBeCloseTo(499.5, 10);
  expect(profile['price']).toMatchObject({ present: 900, missing: 100, spread: { min: 0.5, max: 499.5 } });
  expect(profile['paid']).toMatchObject({
    distinct: 2,
    top: [
      { value: 'false', count: 666 },
      { value: 'true', count: 334 },
    ],
  });
  expect(profile['paid']!.moments!.mean).toBeCloseTo(0.334, 10);
  expect(profile['at']).toMatchObject({
    spread: { min: '2024-01-01T00:00:00.000Z', max: '2024-01-10T23:45:36.000Z' },
  });
  expect(profile['city']).toEqual({
    type: 'string',
    present: 1_000,
    missing: 0,
    distinct: 4,
    top: ['Bern', 'Oslo', 'Rome', 'Ålesund'].map((value) => ({ value, count: 250 })),
  });
});

test('a profile of infinite numbers is one that a record can hold', async () => {
  await writeOrders(
    shardPath('orders.parquet'),
    `* REPLACE (CASE WHEN i % 10 = 0 THEN 'inf' WHEN i % 10 = 1 THEN '-inf' ELSE price END AS price)`
  );
  const { profile } = await ingestOrders(folder.path);
  expect(digestOf(profile)).toMatch(/^sha256:/);
  expect(profile['price']).toMatchObject({ present: 1_000, spread: { min: '-Infinity', max: 'Infinity' } });
  expect(profile['price']!.moments).toBeUndefined();
  expect(profile['price']!.spread!.histogram).toBeUndefined();
  expect(profile['price']!.top).toContainEqual({ value: 'Infinity', count: 100 });
});

describe('several files', () => {
  test('are one batch, ordered by time and key; a file that is there twice counts once', async () => {
    await writeOrders(shardPath('more.parquet'), '* REPLACE (-amount AS amount)', 10);
    const files = [];
    for (const path of ['orders.parquet', 'more.parquet', 'orders.parquet']) {
      const { files: found } = await observe(
        { name: 'orders', reader: { file: { path, format: 'parquet' } } },
        folder.path
      );
      files.push(...found.map((file) => ({ ...file, local: join(folder.path, file.path) })));
    }
    const input = { files, format: 'parquet', source: ORDERS, schema: ANYTHING, asOf: LATER } as const;
    expect((await ingestFiles(input, context(folder.path))).snapshot.rows).toBe(1_010);
    const keys = `SELECT "at", __key::VARCHAR AS key FROM '${shardPath('shard-00000.parquet')}'`;
    expect(await sql(keys)).toEqual(await sql(`${keys} ORDER BY "at", __key`));
  });
});

test('CSV and JSON Lines come to the same rows as Parquet', async () => {
  const from = shardPath('orders.parquet');
  await sql(`COPY (SELECT * EXCLUDE i FROM '${from}') TO '${shardPath('orders.csv')}' (FORMAT csv, HEADER)`);
  await sql(`COPY (SELECT * EXCLUDE i FROM '${from}') TO '${shardPath('orders.jsonl')}' (FORMAT json)`);
  await ingestOrders(folder.path);
  const columns = `SELECT * EXCLUDE __file FROM '${shardPath('shard-00000.parquet')}'`;
  const expected = await sql(columns);
  for (const format of ['csv', 'jsonl'] as const) {
    await ingestOrders(folder.path, { format });
    expect(await sql(columns)).toEqual(expected);
  }
});

test('what is absent from text is missing; a time with a zone is taken to UTC', async () => {
  write(
    folder.path,
    'orders.csv',
    '\uFEFFat,amount,price,city,paid\n2024-01-01T02:00:00+02:00,,1e3,"a ""b"", c",true\n'
  );
  write(
    folder.path,
    'orders.jsonl',
    '{"at":"2024-01-01T02:00:00+02:00","price":1000,"city":"a \\"b\\", c","paid":true,"amount":null}\n'
  );
  for (const format of ['csv', 'jsonl'] as const) {
    await ingestOrders(folder.path, { format });
    const found = await sql(
      `SELECT * EXCLUDE (__file, __known_at, __key, __content) FROM '${shardPath('shard-00000.parquet')}'`
    );
    expect(found).toEqual([
      { at: new Date('2024-01-01T00:00:00Z'), amount: null, price: 1_000, city: 'a "b", c', paid: true, __row: 0n },
    ]);
  }
});

test('a long job tells that it is alive, and then that it is done', async () => {
  const told = context(folder.path);
  const { files } = await observe(ORDERS, folder.path);
  const local = files.map((file) => ({ ...file, local: join(folder.path, file.path) }));
  await ingestFiles({ files: local, format: 'parquet', source: ORDERS, schema: ANYTHING, asOf: LATER }, told);
  expect([...new Set(told.told.map(({ note }) => note))]).toEqual([
    'read',
    'sort',
    'check',
    'profile',
    'write',
    'done',
  ]);
  expect(told.told.at(-1)).toMatchObject({ done: 5, total: 5 });
});

describe('more rows than the limit sourceRows', () => {
  afterEach(() => {
    delete process.env.MLOPS_SOURCE_ROWS;
  });

  test('are refused, and so are files that come to as many with those that are kept', async () => {
    process.env.MLOPS_SOURCE_ROWS = '999';
    const code = 'MLOPS_TOO_MANY_ROWS';
    const limit = { source: 'orders', rows: 1_000, limit: 999 };
    await expect(ingestOrders(folder.path)).rejects.toMatchObject({ code, where: limit });
    process.env.MLOPS_SOURCE_ROWS = '1000';
    const parent = await ingestOrders(folder.path);
    await writeOrders(join(folder.path, 'more-orders.parquet'), '* REPLACE (i + 1000 AS amount)', 2);
    const reader = { file: { path: '*orders.parquet', format: 'parquet' } } as const;
    const { files } = await observe({ name: 'orders', reader }, folder.path);
    const kept = files.map((file) => ({ ...file, local: join(folder.path, file.path) }));
    const next = { format: 'parquet', source: { ...ORDERS, reader }, schema: ANYTHING, asOf: LATER, parent } as const;
    const grown = () => ingestFiles({ ...next, files: kept }, context(folder.path));
    await expect(grown()).rejects.toMatchObject({ code, where: { rows: 1_002, limit: 1_000 } });
    process.env.MLOPS_SOURCE_ROWS = '1002';
    expect((await grown()).snapshot.account.source).toBe(1_002);
  });
});

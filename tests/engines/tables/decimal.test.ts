import { join } from 'node:path';
import type { ColumnRule } from '../../../src/domain/definition';
import { columnTypeOf, decimalDigits, isDecimalOf, plainDecimal } from '../../../src/domain/definition';
import { modelInputs } from '../../../src/domain/endpoint';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { label } from '../../../src/engines/tables/label';
import { loadColumns } from '../../../src/engines/tables/load';
import { windowRelation } from '../../../src/engines/monitor/window-relation';
import { checkedValues } from '../../../src/serve/input-values';
import { DEFAULT_LIMITS } from '../../../src/serve/limits';
import { context, ingestOrders, sql, type TestFolder, testFolder, write } from './files';
import { read } from './reading/read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const PRICE = 'decimal(6,2)';

test('a type is written with its digits', () => {
  expect(columnTypeOf('decimal(12, 2)')).toBe('decimal(12,2)');
  expect(columnTypeOf('decimal(38,38)')).toBe('decimal(38,38)');
  for (const text of [
    'decimal',
    'decimal(2)',
    'decimal(39,2)',
    'decimal(2,3)',
    'decimal(0,0)',
    'DECIMAL(3,2)',
    'varchar',
  ])
    expect(columnTypeOf(text)).toBeUndefined();
});

test('a number is written with all its digits, and fits or not', () => {
  expect([0.1, -1e-7, 1.5e21, 1e300 * 0, 12345.678, -2.5e-7].map(plainDecimal)).toEqual([
    '0.1',
    '-0.0000001',
    '1500000000000000000000',
    '0',
    '12345.678',
    '-0.00000025',
  ]);
  const digits = decimalDigits(PRICE);
  expect([0, -9999.99, 10_000, 0.125, 1e-7, Number.NaN, 0.5].map((it) => isDecimalOf(digits, it))).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});

/** What is written, and the value; null goes to quarantine. */
const TEXTS: readonly (readonly [string, string | null])[] = [
  ['1', '1.00'],
  ['-0.10', '-0.10'],
  ['+.5', '0.50'],
  ['7.', '7.00'],
  ['1.500', '1.50'],
  ['9999.99', '9999.99'],
  ['-0', '0.00'],
  ['1e3', '1000.00'],
  ['125e-2', '1.25'],
  ['1.005', null],
  ['1e-07', null],
  ['10000', null],
  ['1_000', null],
  ['1 ', null],
  ['0x10', null],
  ['nan', null],
  ['.', null],
];

const REASON = `price: not a ${PRICE}`;

/** Exact text of the one column, or the reason. */
const seen = (rows: readonly object[]) =>
  rows.map((row) => {
    const { price, reason } = row as { price: unknown; reason?: string };
    return reason ?? price;
  });

test.each([
  ['.', (text: string) => text],
  [',', (text: string) => text.replace('.', ',')],
] as const)('CSV with decimal mark %s', async (decimal, written) => {
  const lines = TEXTS.map(([text]) => written(text));
  const file = write(folder.path, 'a.csv', ['price', ...lines].join('\n'));
  const columns = { price: PRICE } as const;
  const rows = await read(file, { format: 'csv', columns, csv: { decimal, delimiter: ';' }, folder: folder.path });
  expect(seen(rows)).toEqual(TEXTS.map(([, value]) => (value === null ? REASON : Number(value))));
});

test('JSON Lines: numbers and texts; a JSON number of more than 15 digits is not what the file says', async () => {
  const lines = ['12.50', '"12.5"', '3', '1e2', '12.505', '1000000', 'true', 'null'].map((it) => `{"price":${it}}`);
  const rows = await read(write(folder.path, 'a.jsonl', lines.join('\n')), {
    format: 'jsonl',
    columns: { price: PRICE },
    folder: folder.path,
  });
  expect(seen(rows)).toEqual([12.5, 12.5, 3, 100, REASON, REASON, REASON, null]);
  const long = '1234567890123456.78';
  const [number, text] = await read(write(folder.path, 'b.jsonl', `{"price":${long}}\n{"price":"${long}"}`), {
    format: 'jsonl',
    columns: { price: 'decimal(20,2)' },
    folder: folder.path,
  });
  expect(number).toMatchObject({ price: null, reason: 'price: not a decimal(20,2)' });
  expect(text).not.toHaveProperty('reason');
});

test.each([
  ['1.25::DECIMAL(10,2)', 1.25],
  ['1.2500::DECIMAL(38,4)', 1.25],
  ['1.2501::DECIMAL(38,4)', REASON],
  ['10000::DECIMAL(10,2)', REASON],
  ['7::SMALLINT', 7],
  ['70000::HUGEINT', REASON],
  ['0.1::FLOAT', 0.1],
  ['0.1::DOUBLE + 0.2', REASON],
  ["'nan'::DOUBLE", null],
  ["'inf'::DOUBLE", REASON],
  ["'8.5'", 8.5],
])('Parquet: %s', async (value, expected) => {
  const file = join(folder.path, 'a.parquet');
  await sql(`COPY (SELECT ${value} AS price) TO '${file}' (FORMAT parquet)`);
  const rows = await read(file, { format: 'parquet', columns: { price: PRICE }, folder: folder.path });
  expect(seen(rows)).toEqual([expected]);
});

const LONG = 'decimal(38,2)';
const COLUMNS = { at: 'timestamp', id: 'integer', price: LONG } as const;

/** Two amounts that are one double, and small ones. */
async function ingested() {
  const amounts = ['12345678901234567890.10', '12345678901234567890.20', '0.10', '0.20', '0.3', '7.125', ''];
  const lines = amounts.map((amount, i) => `2024-01-0${i + 1}T00:00:00Z,${i},${amount}`);
  write(folder.path, 'orders.csv', ['at,id,price', ...lines].join('\n'));
  const source = { columns: COLUMNS as never, eventTime: 'at', knownAt: { column: 'at' } };
  return await ingestOrders(folder.path, { format: 'csv', source, schema: { maxQuarantinedShare: 1 } });
}

test('a snapshot keeps every digit, its profile says numbers, and more digits are in quarantine', async () => {
  const { data, snapshot, profile } = await ingested();
  const rows = await sql(`SELECT price::VARCHAR AS price, typeof(price) AS type FROM '${data[0]!.data}' ORDER BY id`);
  expect(rows.map(({ price }) => price)).toEqual([
    '12345678901234567890.10',
    '12345678901234567890.20',
    '0.10',
    '0.20',
    '0.30',
    null,
  ]);
  expect(rows[0]!['type']).toBe('DECIMAL(38,2)');
  expect(snapshot.account.quarantined).toBe(1);
  expect(profile['price']).toMatchObject({ type: LONG, present: 5, missing: 1, distinct: 5, spread: { min: 0.1 } });
});

test('labels compare exactly; features read the nearest double', async () => {
  const { data } = await ingested();
  const positives = async (op: '>' | '=' | '>=', value: number) =>
    (
      await label(
        { shards: data, labeler: { rule: { column: 'price', op, value } }, columns: COLUMNS },
        context(folder.path)
      )
    ).counts['1'];
  expect(await positives('=', 0.3)).toBe(1);
  expect(await positives('>', 0.1)).toBe(4);
  expect(await positives('>=', 1.2345678901234567e19)).toBe(2);
  await expect(positives('>', 0.125)).rejects.toThrow(/LABEL_INVALID.*column=price/);
  const { table } = await loadColumns({ shards: data, columns: { price: LONG }, where: {}, eventTime: 'at' });
  const { price } = table.columns;
  expect(price).toEqual({
    type: 'number',
    values: Float64Array.of(1.2345678901234567e19, 1.2345678901234567e19, 0.1, 0.2, 0.3, Number.NaN),
  });
});

test('rules compare exactly: 0.10 is at most 0.1, and 0.3 is one of its values', async () => {
  const rules: readonly ColumnRule[] = [
    { column: 'price', required: false, max: 0.3, oneOf: [0.1, 0.2, 0.3], severity: 'block' },
  ];
  write(folder.path, 'orders.csv', 'at,price\n2024-01-01,0.10\n2024-01-02,0.30\n2024-01-03,0.31\n');
  const { snapshot } = await ingestOrders(folder.path, {
    format: 'csv',
    source: { columns: { at: 'timestamp', price: PRICE } as never, eventTime: 'at', knownAt: { column: 'at' } },
    schema: { columns: rules, maxQuarantinedShare: 1 },
  });
  expect(snapshot.account).toMatchObject({ quarantined: 1, inSnapshot: 2 });
});

test('the endpoint takes a number with as many digits, and a window reads it by the same rule', async () => {
  const source = { columns: { price: { type: PRICE } } };
  const features = [{ transform: 'standardize', column: 'price' }];
  const [input] = modelInputs({ features, source, schema: { columns: [] } } as never);
  expect(input).toEqual({ name: 'price', datatype: 'FP64', digits: { precision: 6, scale: 2 } });
  expect(checkedValues(input!, [12.5, null, 0.07], DEFAULT_LIMITS)).toEqual([12.5, null, 0.07]);
  expect(() => checkedValues(input!, [12.505], DEFAULT_LIMITS)).toThrow(/more digits than decimal\(6,2\)/);
  const file = write(folder.path, 'w.jsonl', '{"inputs":{"price":12.5}}\n{"inputs":{"price":12.505}}\n');
  const rows = await withDatabase({ files: [file] }, (database) =>
    database.rows(`SELECT price FROM ${windowRelation(file, { price: PRICE })}`)
  );
  expect(rows).toEqual([{ price: 12.5 }, { price: null }]);
});

/** Keys and digests as their documentation defines them, made here a second time from values alone. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ingestOrders, sql, type TestFolder, testFolder, TYPES, write } from './files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const sha256 = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
/** By the columns' names: amount, at, city, paid, price. */
const keyOf = (...values: readonly unknown[]) => sha256(JSON.stringify(values)).subarray(0, 16);

const AT = 1_704_067_200_000_000;
const ROWS = [
  [1, AT, 'R"ö\n', true, 0.5],
  [null, AT + 1_000_000, null, null, null],
  [-3, AT + 2_000_000, 'Bern', false, 2.25],
] as const;
const CSV = `at,amount,price,city,paid
2024-01-01T00:00:00Z,1,0.5,"R""ö\n",true
2024-01-01T00:00:01Z,,,,
2024-01-01T00:00:02Z,-3,2.25,Bern,false
`;

test('a row without a declared key is known by its values, from the second of equal ones on by its ordinal too', async () => {
  write(folder.path, 'orders.csv', `${CSV}${CSV.split('\n').at(-2)}\n`);
  const { data } = await ingestOrders(folder.path, { format: 'csv' });
  const found = await sql(`SELECT __key::VARCHAR AS key, __content::VARCHAR AS content FROM '${data[0]!.data}'`);
  const uuid = (bytes: Uint8Array) =>
    Buffer.from(bytes)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const expected = [
    ...ROWS.map((row) => ({ key: uuid(keyOf(...row)), content: null })),
    { key: uuid(keyOf(...ROWS[2], 1)), content: uuid(keyOf(...ROWS[2])) },
  ];
  expect(new Set(found)).toEqual(new Set(expected));
});

test('a row with a declared key is known by it', async () => {
  write(folder.path, 'orders.csv', CSV.replace(',,,,', ',7,,,'));
  const { data } = await ingestOrders(folder.path, { format: 'csv', source: { key: ['amount', 'at'] } });
  const found = await sql(`SELECT replace(__key::VARCHAR, '-', '') AS key FROM '${data[0]!.data}'`);
  const amounts = [1, 7, -3];
  expect(found.map(({ key }) => key)).toEqual(
    amounts.map((amount, row) => keyOf(amount, AT + row * 1_000_000).toString('hex'))
  );
});

test('a shard digest can be recomputed from its rows', async () => {
  write(folder.path, 'orders.csv', CSV);
  const { shards, data } = await ingestOrders(folder.path, { format: 'csv' });
  const keys = sha256(...ROWS.map((row) => keyOf(...row)));
  const known = BigInt64Array.from(ROWS, ([, at]) => BigInt(at) + 3_600_000_000n);
  const columns = Object.fromEntries(Object.entries(TYPES).sort(([a], [b]) => (a < b ? -1 : 1)));
  const expected = sha256(
    `${JSON.stringify({ rows: 3, columns })}\n`,
    keys,
    keys,
    sha256(new Uint8Array(known.buffer))
  );
  expect(shards[0]!.rowsDigest).toBe(`sha256:${expected.toString('hex')}`);
  expect(shards[0]!.digest).toBe(`sha256:${sha256(readFileSync(join(data[0]!.data))).toString('hex')}`);
});

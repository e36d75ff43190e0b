/** Row keys are SHA-256, whatever the texts are made of and wherever they lie: published values, and the database's own function. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Database, withDatabase } from '../../../../src/engines/tables/duckdb';
import { text } from '../../../../src/engines/tables/sql';

const OWN = (it: string) => `unhex(substring(sha256(${it}), 1, 32))::UUID`;

async function inDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  return withDatabase({ files: [] }, use);
}

async function keyOf(it: string): Promise<unknown> {
  const [row] = await inDatabase((database) => database.rows(`SELECT row_key(${it})::VARCHAR AS key`));
  return row!['key'];
}

/** Rows of the query whose key is another one, and all rows. */
async function differing(texts: string): Promise<readonly [number, number]> {
  const [counted] = await inDatabase((database) =>
    database.rows(
      `SELECT count(*) FILTER (WHERE row_key(t) IS DISTINCT FROM ${OWN('t')}) AS differ, count(*) AS n FROM (${texts})`
    )
  );
  return [Number(counted!['differ']), Number(counted!['n'])];
}

describe('published values (FIPS 180-4, NIST CSRC examples)', () => {
  it.each([
    ["''", 'e3b0c442-98fc-1c14-9afb-f4c8996fb924'],
    ["'abc'", 'ba7816bf-8f01-cfea-4141-40de5dae2223'],
    ["'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'", '248d6a61-d206-38b8-e5c0-26930c3e6039'],
    ["repeat('a', 1000000)", 'cdc76e5c-9914-fb92-81a1-c7e284d73e67'],
  ])('of %s', async (it, key) => {
    expect(await keyOf(it)).toBe(key);
  });
});

test('no key of no text', async () => {
  expect(await keyOf('NULL::VARCHAR')).toBeNull();
});

test('texts of every length around the ends of blocks, beside each other', async () => {
  const made = `SELECT repeat(chr(97 + (i % 26)::INTEGER), (i * 7919 % 300)::INTEGER) AS t FROM range(20000) r(i)`;
  expect(await differing(made)).toEqual([0, 20_000]);
});

test('texts beyond those that are hashed together', async () => {
  const made = `SELECT repeat(chr(200 + (i % 50)::INTEGER), (i * 7919 % 6000)::INTEGER) AS t FROM range(3000) r(i)`;
  expect(await differing(made)).toEqual([0, 3000]);
});

test('some are missing', async () => {
  const made = `SELECT CASE WHEN i % 7 > 0 THEN i::VARCHAR || repeat('x', (i % 40)::INTEGER) END AS t FROM range(5000) r(i)`;
  expect(await differing(made)).toEqual([0, 5000]);
});

test('texts of JSON, and of the rows that a condition leaves', async () => {
  const made = `SELECT CASE WHEN i % 3 = 0 THEN json_array(i, 'a"b')::VARCHAR ELSE json_array(i, repeat('c', (i % 90)::INTEGER))::VARCHAR END AS t FROM range(9000) r(i)`;
  expect(await differing(made)).toEqual([0, 9000]);
});

test('texts of a table, in another order than they lie', async () => {
  await inDatabase(async (database) => {
    await database.run(`CREATE TABLE texts AS SELECT repeat(i::VARCHAR, (i % 20)::INTEGER) AS t FROM range(5000) r(i)`);
    const [counted] = await database.rows(
      `SELECT count(*) AS n FROM (FROM texts ORDER BY t DESC) WHERE row_key(t) = ${OWN('t')}`
    );
    expect(Number(counted!['n'])).toBe(5000);
  });
});

test('any texts', async () => {
  await inDatabase((database) =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 40 }), async (texts) => {
        const plain = texts.map((each) => each.replaceAll('\0', ''));
        const rows = await database.rows(
          `SELECT row_key(t)::VARCHAR AS key FROM (SELECT unnest([${plain.map(text).join(', ')}]) AS t)`
        );
        const expected = plain.map((each) => createHash('sha256').update(each).digest('hex').slice(0, 32));
        expect(rows.map(({ key }) => (key as string).replaceAll('-', ''))).toEqual(expected);
      }),
      { numRuns: 100 }
    )
  );
});

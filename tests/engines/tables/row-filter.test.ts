/** Parts of a split as SQL: over generated tables every row is in one part, and which one depends on its own values alone. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { ColumnType } from '../../../src/domain/definition';
import { foldOf, foldsOf } from '../../../src/domain/folds';
import { type Part, partOf, type RowFilter, type Split } from '../../../src/domain/split';
import { filterSql, partRows } from '../../../src/engines/tables/row-filter';
import { ingestOrders, sql, type TestFolder, testFolder, writeOrders } from './files';

const PARTS: readonly Part[] = ['train', 'validation', 'test'];
const KNOWN = '2030-01-01T00:00:00Z';
const COLUMNS = { id: 'integer', name: 'string', at: 'timestamp', ok: 'boolean' } as const;

const hashed = (change: Partial<Extract<Split, { by: 'hash' }>> = {}): Split => ({
  by: 'hash',
  test: 0.2,
  validation: 0.1,
  seed: 1,
  columns: { id: 'integer' },
  knownBy: KNOWN,
  ...change,
});

interface Row {
  readonly id: number | null;
  readonly name: string | null;
  readonly at: number | null;
  readonly ok: boolean | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.option(fc.maxSafeInteger()),
  name: fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
  at: fc.option(fc.integer({ min: 0, max: 4_000_000_000 })),
  ok: fc.option(fc.boolean()),
});

/** The parts that take each row, in the order of the rows. */
async function partsOf(split: Split, rows: readonly Row[]): Promise<readonly string[]> {
  return takenBy(Object.fromEntries(PARTS.map((part) => [part, partOf(split, part)])), rows);
}

/** The names of the filters that take each row, in the order of the rows. */
async function takenBy(
  filters: Readonly<Record<string, RowFilter | undefined>>,
  rows: readonly Row[]
): Promise<readonly string[]> {
  const value = (it: Row[keyof Row], type: string) =>
    it === null ? `NULL::${type}` : `'${String(it).replaceAll("'", "''")}'::${type}`;
  const values = rows.map(
    ({ id, name, at, ok }, i) =>
      `(${i}, ${value(id, 'BIGINT')}, ${value(name, 'VARCHAR')}, ${at === null ? 'NULL::TIMESTAMP' : `make_timestamp(${at}000000)`}, ${value(ok, 'BOOLEAN')})`
  );
  const taken = Object.entries(filters).map(
    ([name, filter]) => `CASE WHEN ${filter === undefined ? 'false' : filterSql(filter, 'at')} THEN '${name}' END`
  );
  const found = await sql(
    `SELECT concat_ws(' ', ${taken.join(', ')}) AS part FROM (VALUES ${values.join(', ')}) t(i, id, name, "at", ok),
     (SELECT TIMESTAMP '2001-01-01' AS "__known_at") ORDER BY i`
  );
  return found.map(({ part }) => part as string);
}

/** As docs/splits.md has it: SHA-256 of a JSON array, in nobody's database. */
function placeOf(seed: number, columns: Readonly<Record<string, ColumnType>>, row: Row): number {
  const values = Object.keys(columns)
    .sort()
    .map((name) => {
      const value = row[name as keyof Row];
      return name === 'at' && value !== null ? Number(value) * 1_000_000 : value;
    });
  return (
    createHash('sha256')
      .update(JSON.stringify([seed, ...values]))
      .digest()
      .readUInt32BE(0) /
    2 ** 32
  );
}

describe('by hash', () => {
  test('a row keeps its part as data grow, in any order, whatever else is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.array(row),
        fc.nat(),
        async (rows, more, seed) => {
          const split = hashed({ seed, columns: COLUMNS });
          const alone = await partsOf(split, rows);
          for (const part of alone) expect(PARTS).toContain(part);
          const grown = await partsOf(split, [...more, ...rows.toReversed()]);
          expect(grown.slice(more.length).toReversed()).toEqual(alone);
        }
      ),
      { numRuns: 40 }
    );
  });

  test('the part is computed outside the database from the row alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.subarray(Object.keys(COLUMNS), { minLength: 1 }),
        async (rows, seed, names) => {
          const columns = Object.fromEntries(names.map((name) => [name, COLUMNS[name as keyof typeof COLUMNS]]));
          const expected = rows.map((each) => {
            const place = placeOf(seed, columns, each);
            return place < 0.2 ? 'test' : place < 0.2 + 0.1 ? 'validation' : 'train';
          });
          expect(await partsOf(hashed({ seed, columns }), rows)).toEqual(expected);
        }
      ),
      { numRuns: 40 }
    );
  });

  test('rows of one group are in one part', async () => {
    const rows = Array.from({ length: 300 }, (_, i): Row => ({ id: i, name: `group ${i % 20}`, at: i, ok: null }));
    const parts = await partsOf(hashed({ columns: { name: 'string' } }), rows);
    for (let group = 0; group < 20; group += 1) expect(new Set(parts.filter((_, i) => i % 20 === group)).size).toBe(1);
    expect(new Set(parts).size).toBeGreaterThan(1);
  });

  test('shares come out within what chance allows, for every seed', async () => {
    const n = 20_000;
    for (let seed = 0; seed < 20; seed += 1) {
      const counts = PARTS.map(
        (part) =>
          `count(*) FILTER (WHERE ${filterSql({ ...partOf(hashed({ seed }), part)!, knownBy: undefined as never })}) AS ${part}`
      );
      const [found] = await sql(`SELECT ${counts.join(', ')} FROM (SELECT range AS id FROM range(${n}))`);
      for (const [part, share] of [
        ['test', 0.2],
        ['validation', 0.1],
        ['train', 0.7],
      ] as const) {
        // 5 standard deviations of a binomial: one false alarm in a million and a half.
        expect(Math.abs(Number(found![part]) - n * share)).toBeLessThan(5 * Math.sqrt(n * share * (1 - share)));
      }
    }
  });
});

describe('folds by hash', () => {
  const COUNT = 3;
  const rule = (seed: number) => ({ folds: COUNT, seed });
  const folds = (split: Split, seed: number) => {
    const all = foldsOf(split, rule(seed), { every: 'week' });
    return Object.fromEntries(
      all.flatMap(({ train, validation }, i) => [
        [`v${i}`, validation],
        [`t${i}`, train],
      ])
    );
  };
  /** Validated by one, learned from by the others. */
  const inFold = (at: number) => Array.from({ length: COUNT }, (_, i) => `${i === at ? 'v' : 't'}${i}`).join(' ');
  const seed = fc.nat({ max: 2 ** 32 - 1 });

  test('part the training rows, and no others; a row keeps its fold as data grow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        fc.array(row),
        seed,
        async (rows, more, drawn) => {
          const split = hashed({ columns: COLUMNS });
          const parts = await partsOf(split, rows);
          const alone = await takenBy(folds(split, drawn), rows);
          const any = Array.from({ length: COUNT }, (_, i) => inFold(i));
          alone.forEach((taken, i) => expect(parts[i] === 'train' ? any : ['']).toContain(taken));
          const grown = await takenBy(folds(split, drawn), [...more, ...rows.toReversed()]);
          expect(grown.slice(more.length).toReversed()).toEqual(alone);
        }
      ),
      { numRuns: 40 }
    );
  });

  test('are computed outside the database from the row alone, and no group is cut', async () => {
    const rows = Array.from({ length: 200 }, (_, i): Row => ({ id: i, name: `group ${i % 20}`, at: i, ok: null }));
    const split = hashed({ columns: { name: 'string' }, test: 0.001, validation: 0 });
    const parts = await partsOf(split, rows);
    for (const drawn of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      const expected = rows.map(({ name }, i) => {
        const bits = createHash('sha256')
          .update(JSON.stringify(['fold', name]))
          .digest()
          .readUInt32BE(0);
        return parts[i] === 'train' ? inFold(foldOf(bits, rule(drawn))) : '';
      });
      expect(new Set(expected).size).toBeGreaterThan(1);
      expect(await takenBy(folds(split, drawn), rows)).toEqual(expected);
    }
  });

  test('by column keep the rows of a value together', async () => {
    const rows = Array.from({ length: 100 }, (_, i): Row => ({ id: i % 10, name: null, at: i, ok: null }));
    const split: Split = { by: 'column', column: 'id', test: ['9'], validation: [], knownBy: KNOWN };
    const taken = await takenBy(folds(split, 1), rows);
    for (let value = 0; value < 10; value += 1) expect(new Set(taken.filter((_, i) => i % 10 === value)).size).toBe(1);
    expect(taken.filter((each) => each === '')).toHaveLength(10);
    expect(new Set(taken).size).toBeGreaterThan(2);
  });
});

test('each class has the shares of the whole, within what chance allows; a class that is corrected moves no row', async () => {
  const n = 20_000;
  const test = filterSql({ ...partOf(hashed(), 'test'), knownBy: undefined as never });
  const counted = await sql(
    `SELECT id % 10 = 0 AS rare, count(*) AS n, count(*) FILTER (WHERE ${test}) AS test FROM (SELECT range AS id FROM range(${n})) GROUP BY ALL`
  );
  expect(counted).toHaveLength(2);
  for (const { n: rows, test: tested } of counted) {
    expect(Math.abs(Number(tested) - 0.2 * Number(rows))).toBeLessThan(5 * Math.sqrt(Number(rows) * 0.2 * 0.8));
  }
  const rows = Array.from({ length: 100 }, (_, i): Row => ({ id: i, name: 'rare', at: i, ok: null }));
  const corrected = rows.map((each) => ({ ...each, name: 'common' }));
  expect(await partsOf(hashed(), corrected)).toEqual(await partsOf(hashed(), rows));
});

describe('every live row is in one part or in none', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder.remove());

  const day = (d: number) => `2024-01-0${d}T00:00:00Z`;
  const test_ = { from: day(6), to: day(9) };
  test.each<[string, Split, object]>([
    // Known an hour after the event: of the last days' rows some aren't known.
    [
      'by time',
      { by: 'time', train: { to: day(5) }, validation: { from: day(5), to: day(6) }, test: test_, knownBy: day(8) },
      { train: 400, validation: 100, test: 196, none: 304 },
    ],
    [
      'by time without validation',
      { by: 'time', train: { to: day(6) }, test: test_, knownBy: KNOWN },
      { train: 500, validation: 0, test: 300, none: 200 },
    ],
    [
      'by a column',
      { by: 'column', column: 'city', test: ['Oslo'], validation: ['Bern', 'Rome'], knownBy: KNOWN },
      { train: 240, validation: 500, test: 240, none: 20 },
    ],
    [
      'by a number',
      { by: 'column', column: 'amount', test: ['3', '5'], validation: [], knownBy: KNOWN },
      { train: 998, validation: 0, test: 2, none: 0 },
    ],
    [
      'by a boolean',
      { by: 'column', column: 'paid', test: ['true'], validation: [], knownBy: KNOWN },
      { train: 666, validation: 0, test: 334, none: 0 },
    ],
  ])('%s', async (_, split, expected) => {
    // Two in a hundred have no city.
    await writeOrders(`${folder.path}/orders.parquet`, `* REPLACE (CASE WHEN i % 50 >= 1 THEN city END AS city)`);
    const { data, snapshot } = await ingestOrders(folder.path);
    const parts = await partRows({ shards: data, eventTime: 'at' }, split, folder.path);
    expect(parts).toEqual(expected);
    expect(parts.train + parts.validation + parts.test + parts.none).toBe(snapshot.rows);
  });

  test('by hash, of all columns', async () => {
    await writeOrders(`${folder.path}/orders.parquet`);
    const { data, snapshot } = await ingestOrders(folder.path);
    const columns = { at: 'timestamp', amount: 'integer', price: 'number', city: 'string', paid: 'boolean' } as const;
    const {
      train,
      validation,
      test: tested,
      none,
    } = await partRows({ shards: data, eventTime: 'at' }, hashed({ columns }), folder.path);
    expect([train + validation + tested, none]).toEqual([snapshot.rows, 0]);
    expect(tested).toBeGreaterThan(130);
    expect(tested).toBeLessThan(270);
  });
});

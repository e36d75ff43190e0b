import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnRule, DependencyRule, SchemaDefinition, TableRule } from '../../../src/domain/definition';
import { wilson } from '../../../src/domain/wilson';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { judgeBesideEarlier } from '../../../src/engines/tables/earlier-rules';
import { observe } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles } from '../../support/ingested';
import {
  ANYTHING,
  columnsOf,
  context,
  ingestOrders,
  ORDERS,
  type TestFolder,
  testFolder,
  TYPES,
  write,
  writeOrders,
} from './files';

let folder: TestFolder;
beforeEach(async () => {
  folder = testFolder();
  await writeOrders(join(folder.path, 'orders.parquet'));
});
afterEach(() => folder.remove());

const ingest = (columns: readonly ColumnRule[], table: readonly TableRule[] = []) =>
  ingestOrders(folder.path, { schema: { columns, table } });
const found = ({ validation }: Ingested, rule: string) => validation.find((each) => each.rule === rule);

/** Ten more days, in a file of their own, after the first batch. */
async function grown(
  parent: Ingested,
  table: readonly TableRule[],
  select: string,
  asOf = '2031-01-01T00:00:00Z',
  schema: Partial<SchemaDefinition> = {}
) {
  await writeOrders(join(folder.path, 'orders2.parquet'), select);
  const into = mkdtempSync(join(folder.path, 'next-'));
  const { files } = await observe(
    { name: 'orders', reader: { file: { path: 'orders*.parquet', format: 'parquet' } } },
    folder.path
  );
  return await ingestFiles(
    {
      files: files.map((file) => ({ ...file, local: join(folder.path, file.path) })),
      format: 'parquet',
      source: ORDERS,
      schema: { ...ANYTHING, table, ...schema },
      asOf,
      parent,
    },
    context(into)
  );
}
const LATER_ROWS = '* REPLACE ("at" + INTERVAL 10 DAY AS "at", i + 1000 AS i, amount + 1000 AS amount)';

describe('a rule with mostly', () => {
  test('leaves the rows that break it where they are, and shows the share with its bounds', async () => {
    const output = await ingest([{ column: 'amount', required: false, min: 3, mostly: 0.99, severity: 'block' }]);
    expect(output.snapshot.account).toMatchObject({ inSnapshot: 1_000, quarantined: 0 });
    expect(output.snapshot.batches[0]!.reasons).toEqual([]);
    const result = found(output, 'amount at least 3');
    const kept = wilson(997, 1_000);
    expect(result).toMatchObject({ verdict: 'passed', checked: 1_000, broken: 3, mostly: 0.99, kept });
  });

  test('refuses the batch that keeps it too rarely, and leaves nothing behind of the verdict but the error', async () => {
    await expect(
      ingest([{ column: 'amount', required: false, min: 30, mostly: 0.98, severity: 'block' }])
    ).rejects.toThrow(
      /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `amount at least 30`: 30 of 1000 rows break it; a share of 0\.98 must keep it\. .*row=orders\.parquet:0/
    );
    const warned = await ingest([{ column: 'amount', required: false, min: 30, mostly: 0.98, severity: 'warn' }]);
    expect(found(warned, 'amount at least 30')).toMatchObject({ verdict: 'failed', broken: 30 });
  });

  test('only in windows is not checked in batches', async () => {
    const rule = { column: 'amount', required: false, min: 30, severity: 'block', environments: ['serving'] } as const;
    const output = await ingest([rule]);
    expect(output.snapshot.account.quarantined).toBe(0);
    expect(output.validation.map(({ rule: name }) => name)).not.toContain('amount at least 30');
  });
});

describe('a rule about the table', () => {
  const observed = async (rule: object) => {
    const output = await ingest([], [{ severity: 'warn', ...rule } as TableRule]);
    const { verdict, ...rest } = output.validation.at(-1)!;
    return [verdict, 'observed' in rest ? rest.observed : undefined];
  };

  // 0 … 999 in amount, halves of it in price.
  test.each([
    [{ measure: 'rows', min: 1_000, max: 1_000 }, ['passed', 1_000]],
    [{ measure: 'rows', min: 1_001 }, ['failed', 1_000]],
    [{ measure: 'sum', column: 'amount', max: 499_500 }, ['passed', 499_500]],
    [{ measure: 'mean', column: 'price', min: 249.75, max: 249.75 }, ['passed', 249.75]],
    [{ measure: 'median', column: 'amount', max: 499 }, ['failed', 499.5]],
    [{ measure: 'least', column: 'amount', min: 0 }, ['passed', 0]],
    [{ measure: 'greatest', column: 'amount', max: 998 }, ['failed', 999]],
    [{ measure: 'distinct', column: 'city', max: 4 }, ['passed', 4]],
    [{ measure: 'distinctShare', column: 'city', max: 0.003 }, ['failed', 0.004]],
    [{ measure: 'missingShare', column: 'city', max: 0 }, ['passed', 0]],
  ])('%j', async (rule, expected) => {
    expect(await observed(rule)).toEqual(expected);
  });

  test('the standard deviation is that of the sample', async () => {
    const [verdict, figure] = await observed({ measure: 'deviation', column: 'amount', max: 300 });
    expect(verdict).toBe('passed');
    // √(n(n+1)/12) of 0 … n−1
    expect(figure).toBeCloseTo(Math.sqrt((1_000 * 1_001) / 12), 9);
  });

  test('that blocks refuses the batch', async () => {
    await expect(ingest([], [{ measure: 'rows', min: 1_001, severity: 'block' }])).rejects.toThrow(
      /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `rows at least 1001`: it is 1000\./
    );
  });

  test('says nothing of the values of a private column', async () => {
    const columns = { ...TYPES, amount: { type: 'integer', privacy: true } } as const;
    const table: readonly TableRule[] = [
      { measure: 'greatest', column: 'amount', max: 998, severity: 'warn' },
      { measure: 'distinct', column: 'amount', max: 998, severity: 'warn' },
    ];
    const { validation } = await ingestOrders(folder.path, { schema: { table }, source: { columns } });
    expect(validation.slice(-2)).toEqual([
      { rule: 'greatest value of amount at most 998', severity: 'warn', verdict: 'failed' },
      { rule: 'distinct values of amount at most 998', severity: 'warn', verdict: 'failed', observed: 1_000 },
    ]);
  });

  test('unique: within the batch, and beside the rows that the snapshot has', async () => {
    const unique = (...names: string[]): TableRule => ({ unique: names, severity: 'warn' });
    const first = await ingest([], [unique('amount'), unique('city', 'paid')]);
    expect(found(first, 'amount unique')).toMatchObject({ verdict: 'passed', checked: 1_000, broken: 0, examples: [] });
    expect(found(first, 'city, paid unique')).toMatchObject({ verdict: 'failed', checked: 1_000, broken: 1_000 });
    const next = await grown(first, [unique('amount')], `${LATER_ROWS.replace('amount + 1000', 'amount + 998')}`);
    expect(found(next, 'amount unique')).toMatchObject({
      checked: 1_000,
      broken: 2,
      examples: ['orders2.parquet:0', 'orders2.parquet:1'],
    });
  });

  test('fresh: the newest row is near enough to asOf, also where nothing is new', async () => {
    const fresh: TableRule = { fresh: { event: '2 days' }, severity: 'block' };
    // The last order is known on 2024-01-10 at 00:45:36 and an hour later.
    const asOf = '2024-01-12T00:00:00Z';
    const first = await ingestOrders(folder.path, { asOf, schema: { table: [fresh] } });
    expect(first.validation.at(-1)).toMatchObject({ verdict: 'passed' });
    await expect(
      ingestOrders(folder.path, { parent: first, asOf: '2024-01-20T00:00:00Z', schema: { table: [fresh] } })
    ).rejects.toThrow(/MLOPS_EXPECTATION_FAILED: .*newest row known within 2 days of asOf/);
  });

  test('drift: what moves is found, what stays is not, a first batch is not judged', async () => {
    const drift = (name: string): TableRule => ({ drift: name, floor: 0.1, pValue: 0.001, severity: 'warn' });
    const first = await ingest([], [drift('price')]);
    expect(first.validation.at(-1)).toEqual({
      rule: 'price as in the snapshot before',
      severity: 'warn',
      verdict: 'not judged',
    });
    const next = await grown(
      first,
      [drift('price'), drift('city'), drift('paid')],
      `${LATER_ROWS.slice(0, -1)}, CASE WHEN i % 2 = 0 THEN 'Oslo' ELSE city END AS city)`
    );
    expect(next.validation.slice(-3).map(({ rule, verdict }) => [rule, verdict])).toEqual([
      ['price as in the snapshot before', 'passed'],
      ['city as in the snapshot before', 'failed'],
      ['paid as in the snapshot before', 'passed'],
    ]);
  });

  test('columns may be named as the statements name theirs', async () => {
    const columns = { at: 'timestamp', n: 'integer', v: 'string', count: 'boolean' } as const;
    const read = { at: { type: 'timestamp' }, n: { type: 'integer', from: 'amount' } } as const;
    const source = {
      columns: { ...read, v: { type: 'string', from: 'city' }, count: { type: 'boolean', from: 'paid' } } as const,
    };
    const { profile } = await ingestOrders(folder.path, { source });
    expect(Object.entries(profile).map(([name, { distinct }]) => [name, distinct])).toEqual([
      ['at', 1_000],
      ['n', 1_000],
      ['v', 4],
      ['count', 2],
    ]);
    await withDatabase({ files: [] }, async (database) => {
      const rows = `i AS n, 'a' || (i % 3) AS v, i % 2 = 0 AS count, TIMESTAMP '2024-01-01' AS at`;
      await database.run(`CREATE TABLE orders AS SELECT ${rows} FROM range(300) r(i)`);
      const table = ['n', 'v', 'count'].map(
        (drift): TableRule => ({ drift, floor: 0.1, pValue: 0.001, severity: 'warn' })
      );
      const before = { rows: 'orders', columns: new Set(Object.keys(columns)) };
      const judged = await judgeBesideEarlier(database, {
        source: { ...ORDERS, columns: columnsOf(columns) },
        schema: { ...ANYTHING, table },
        ...{ asOf: '2024-01-02T00:00:00Z', earlier: { rows: 'orders', before }, all: ['orders'] },
      });
      expect(judged.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed']);
    });
  });

  test('drift of what cannot be a category is refused, by the first batch already', async () => {
    const source = { columns: columnsOf({ ...TYPES, city: 'text' }) };
    for (const drift of ['city', 'at', 'unknown']) {
      const table: readonly TableRule[] = [{ drift, floor: 0.1, pValue: 0.001, severity: 'warn' }];
      await expect(ingestOrders(folder.path, { source, schema: { table } })).rejects.toThrow(
        /MLOPS_DEFINITION_INVALID: There is no column of that name that can drift/
      );
    }
  });
});

describe('a dependency', () => {
  // The city is that of the amount's rest: 'Oslo' for those that 4 divides.
  const rule = (changes: Partial<DependencyRule> = {}): Partial<SchemaDefinition> => ({
    dependencies: [
      { name: 'city_of_amount', determinants: ['amount'], dependent: 'city', severity: 'warn', ...changes },
    ],
  });
  const again = (city: string) =>
    `* REPLACE ("at" + INTERVAL 10 DAY AS "at", i + 1000 AS i, CASE WHEN i < 10 THEN ${city} ELSE city END AS city)`;
  const after = (changes: Partial<DependencyRule>, city = `'Kyiv'`) =>
    ingest([]).then((first) => grown(first, [], again(city), undefined, rule(changes)));

  test('has nothing to be held against in a first batch', async () => {
    const first = await ingestOrders(folder.path, { schema: rule({ severity: 'block' }) });
    expect(found(first, 'city_of_amount')).toMatchObject({ verdict: 'not judged', checked: 0, broken: 0 });
  });

  test('is learned from the snapshot before, and held against the rows that the batch adds', async () => {
    const next = await after({});
    expect(found(next, 'city_of_amount')).toMatchObject({ verdict: 'failed', checked: 1_000, broken: 10 });
    const { examples } = found(next, 'city_of_amount') as { examples: readonly string[] };
    expect(examples).toEqual([0, 1, 2, 3, 4].map((row) => `orders2.parquet:${row}`));
    // It puts no row aside.
    expect(next.snapshot.account).toMatchObject({ inSnapshot: 2_000, quarantined: 0 });
    expect(found(await after({}, 'city'), 'city_of_amount')).toMatchObject({ verdict: 'passed', checked: 1_000 });
  });

  test('that blocks refuses the batch, with mostly if too few rows keep it', async () => {
    await expect(after({ severity: 'block' })).rejects.toThrow(
      /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `city_of_amount`: 10 of 1000 rows break it\. .*row=orders2\.parquet:0/
    );
    await expect(after({ severity: 'block', mostly: 0.995 })).rejects.toThrow(/a share of 0\.995 must keep it/);
    const kept = await after({ severity: 'block', mostly: 0.99 });
    expect(found(kept, 'city_of_amount')).toMatchObject({ verdict: 'passed', broken: 10, mostly: 0.99 });
  });

  test('is not learned from rows that the batch replaces', async () => {
    const source = { key: ['i'], columns: { ...TYPES, i: 'integer' } } as const;
    const first = await ingestOrders(folder.path, { source });
    await writeOrders(join(folder.path, 'orders.parquet'), `* REPLACE (lower(city) AS city)`);
    const into = join(folder.path, 'next');
    mkdirSync(into);
    const next = await ingestOrders(folder.path, { source, parent: first, into, schema: rule() });
    expect(next.snapshot.account.replaced + next.snapshot.batches[1]!.replaced).toBeGreaterThan(0);
    expect(found(next, 'city_of_amount')).toMatchObject({ verdict: 'not judged' });
  });
});

describe('what was not there before', () => {
  const DISCOUNT = "*, 'VIP' AS discount";
  const KYIV = `* REPLACE ("at" + INTERVAL 10 DAY AS "at", CASE WHEN i < 3 THEN 'Kyiv' ELSE city END AS city)`;
  const after = async (select: string, schema: Partial<SchemaDefinition> = {}) =>
    grown(await ingestOrders(folder.path, { schema }), [], select, undefined, schema);

  test('columns that nothing declares are no news in a first batch, and new in a later one, once', async () => {
    await writeOrders(join(folder.path, 'orders.parquet'), '*, 1 AS extra');
    const first = await ingest([]);
    expect(first.snapshot.undeclared).toEqual(['extra', 'i']);
    expect(first.validation.filter((result) => 'isNew' in result)).toEqual([]);
    const next = await grown(first, [], `${LATER_ROWS}, 'VIP' AS discount`);
    expect(found(next, 'no new column')).toEqual({
      ...{ rule: 'no new column', severity: 'warn', verdict: 'failed', isNew: true },
      ...{ observed: 1, found: ['discount'] },
    });
    expect(next.snapshot.undeclared).toEqual(['discount', 'extra', 'i']);
    await writeOrders(join(folder.path, 'orders3.parquet'), `${LATER_ROWS.replace('10 DAY', '20 DAY')}, 2 AS discount`);
    const third = await grown(next, [], `${LATER_ROWS}, 'VIP' AS discount`);
    expect(found(third, 'no new column')).toBeUndefined();
  });

  test('of columns: ignored, or the batch is refused', async () => {
    expect(found(await after(DISCOUNT, { newColumns: 'ignore' }), 'no new column')).toBeUndefined();
    await expect(after(DISCOUNT, { newColumns: 'refuse' })).rejects.toThrow(
      /MLOPS_EXPECTATION_FAILED: The batch breaks the blocking rule `no new column`: it has 1, such as discount\./
    );
  });

  test('a category is reported with its values, and the next batch knows it', async () => {
    const next = await after(KYIV);
    expect(found(next, 'no new category of city')).toMatchObject({ severity: 'warn', observed: 1, found: ['Kyiv'] });
    expect(next.snapshot.account.inSnapshot).toBe(2_000);
    await writeOrders(join(folder.path, 'orders3.parquet'), KYIV.replace('10 DAY', '20 DAY'));
    const third = await grown(next, [], KYIV);
    expect(third.snapshot.batches).toHaveLength(3);
    expect(found(third, 'no new category of city')).toBeUndefined();
  });

  test('of categories: by column, and not where a domain is declared', async () => {
    await expect(after(KYIV, { newCategoriesOf: { city: 'refuse' } })).rejects.toThrow(
      /`no new category of city`: it has 1, such as Kyiv/
    );
    const ignored = await after(KYIV, { newCategories: 'refuse', newCategoriesOf: { city: 'ignore' } });
    expect(found(ignored, 'no new category of city')).toBeUndefined();
    const oneOf = ['Oslo', 'Bern', 'Ålesund', 'Rome', 'Kyiv'];
    const domain = { column: 'city', required: false, oneOf, severity: 'block' } as const;
    expect(
      found(await after(KYIV, { columns: [domain], newCategories: 'refuse' }), 'no new category of city')
    ).toBeUndefined();
  });

  test('few rows, or many values, have no categories', async () => {
    await writeOrders(join(folder.path, 'orders.parquet'), '*', 199);
    expect(found(await after(KYIV), 'no new category of city')).toBeUndefined();
    await writeOrders(join(folder.path, 'orders.parquet'), '* REPLACE (i::VARCHAR AS city)');
    expect(found(await after(KYIV), 'no new category of city')).toBeUndefined();
  });

  test('values of a private column are counted, not shown', async () => {
    const columns = { ...TYPES, city: { type: 'string', privacy: true } } as const;
    const first = await ingestOrders(folder.path, { source: { columns } });
    await writeOrders(
      join(folder.path, 'orders.parquet'),
      `* REPLACE (CASE WHEN i < 3 THEN 'Kyiv' ELSE city END AS city)`
    );
    const into = mkdtempSync(join(folder.path, 'next-'));
    const next = await ingestOrders(folder.path, { source: { columns }, parent: first, into });
    expect(found(next, 'no new category of city')).not.toHaveProperty('found');
    expect(found(next, 'no new category of city')).toMatchObject({ observed: 1 });
  });
});

describe('what approvers are asked about', () => {
  const NEW = `* REPLACE ("at" + INTERVAL 10 DAY AS "at", CASE WHEN i < 40 THEN 'new ' || i % 20 ELSE city END AS city)`;
  const after = async (select: string, schema: Partial<SchemaDefinition> = {}) =>
    grown(await ingestOrders(folder.path, { schema }), [], select, undefined, schema);
  const ASK: Partial<SchemaDefinition> = { newColumns: 'ask', newCategories: 'ask' };
  const asksOf = (ingested: Ingested) => ingested.validation.flatMap((each) => ('asks' in each ? [each.asks] : []));

  afterEach(() => {
    delete process.env.MLOPS_NEW_NAMES;
  });

  test('is named in full, and the batch is taken', async () => {
    const next = await after(`${NEW}, 'VIP' AS discount`, ASK);
    expect(next.snapshot.account.inSnapshot).toBe(2_000);
    const names = Array.from({ length: 20 }, (_, i) => `new ${i}`).toSorted();
    expect(found(next, 'no new category of city')).toMatchObject({ severity: 'warn', observed: 20, found: names });
    expect(found(next, 'no new column')).toMatchObject({ severity: 'warn', observed: 1, found: ['discount'] });
    expect(new Set(asksOf(next))).toHaveProperty('size', 2);
  });

  test('has the same digest however many rows bring it, and another one with one name more', async () => {
    const [twice] = asksOf(await after(NEW, ASK));
    const [once] = asksOf(await after(NEW.replace('i < 40', 'i BETWEEN 20 AND 39'), ASK));
    const [more] = asksOf(await after(NEW.replace('i < 40', 'i < 41').replace('i % 20', 'i % 21'), ASK));
    expect(once).toMatch(/^sha256:/);
    expect([twice === once, twice === more]).toEqual([true, false]);
  });

  test('that differs only behind what is shown has another digest', async () => {
    const long = (end: string) => NEW.replace("'new ' || i % 20", `repeat('x', 2000) || '${end}'`);
    const [a, b] = [await after(long('a'), ASK), await after(long('b'), ASK)];
    expect(found(a, 'no new category of city')).toEqual({ ...found(b, 'no new category of city'), asks: asksOf(a)[0] });
    expect(asksOf(a)).not.toEqual(asksOf(b));
  });

  test('of a private column has a digest and no values', async () => {
    const columns = { ...TYPES, city: { type: 'string', privacy: true } } as const;
    const first = await ingestOrders(folder.path, { source: { columns }, schema: ASK });
    await writeOrders(join(folder.path, 'orders.parquet'), NEW.replace('"at" + INTERVAL 10 DAY AS "at", ', ''));
    const into = mkdtempSync(join(folder.path, 'next-'));
    const next = await ingestOrders(folder.path, { source: { columns }, schema: ASK, parent: first, into });
    expect(found(next, 'no new category of city')).toMatchObject({ observed: 20, asks: expect.any(String) });
    expect(found(next, 'no new category of city')).not.toHaveProperty('found');
  });

  test('is nothing where the policy reports', async () => {
    const next = await after(NEW, { newCategories: 'ask', newCategoriesOf: { city: 'report' } });
    expect(found(next, 'no new category of city')).toMatchObject({ observed: 20, found: { length: 10 } });
    expect(asksOf(next)).toEqual([]);
  });

  test('is not more than newNames: the batch is refused', async () => {
    process.env.MLOPS_NEW_NAMES = '20';
    await expect(after(`${NEW}, 'VIP' AS discount`, ASK)).rejects.toThrow(
      /^MLOPS_TOO_MUCH_NEW: .*rules="?no new column, no new category of city"?, found=21, limit=20.*newNames/
    );
    expect(asksOf(await after(NEW, ASK))).toHaveLength(1);
    // What nobody is asked about needs no reader.
    process.env.MLOPS_NEW_NAMES = '1';
    expect(found(await after(NEW), 'no new category of city')).toMatchObject({ observed: 20 });
  });
});

test.each([
  ['csv', `at,city,Temp (°C),\n2024-01-01,Oslo,1,\n`],
  ['jsonl', `{"at": "2024-01-01", "city": "Oslo"}\n{"at": "2024-01-02", "city": "Rome", "Temp (°C)": 3}\n`],
] as const)('a file of %s names the columns that nothing declares', async (format, content) => {
  write(folder.path, `orders.${format}`, content);
  const columns = { at: 'timestamp', city: 'string' } as const;
  const { snapshot } = await ingestOrders(folder.path, { format, source: { columns } });
  expect(snapshot.undeclared).toEqual(['Temp (°C)']);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnType } from '../../../src/domain/definition';
import { withDatabase } from '../../../src/engines/tables/duckdb';
import { observe } from '../../../src/engines/tables/observe';
import { ingestFiles } from '../../support/ingested';
import {
  ANYTHING,
  columnsOf,
  context,
  ingestOrders,
  LATER,
  ORDERS,
  type TestFolder,
  testFolder,
  write,
  writeOrders,
} from './files';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

describe('observing', () => {
  const reader = { file: { path: 'orders.csv', format: 'csv' } } as const;

  test('says what is there: the path as declared, its digest and its size', async () => {
    write(folder.path, 'orders.csv', 'abc');
    expect(await observe({ name: 'orders', reader }, folder.path)).toEqual({
      files: [
        {
          path: 'orders.csv',
          digest: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
          bytes: 3,
        },
      ],
    });
  });

  test('tells a missing, an empty and an impossible file apart', async () => {
    await expect(observe({ name: 'orders', reader }, folder.path)).rejects.toThrow(/SOURCE_MISSING.*orders\.csv/);
    write(folder.path, 'orders.csv', '');
    await expect(observe({ name: 'orders', reader }, folder.path)).rejects.toThrow(/SOURCE_EMPTY.*orders\.csv/);
    const path = folder.path;
    const here = { name: 'orders', reader: { file: { path, format: 'csv' } } } as const;
    await expect(observe(here, folder.path)).rejects.toThrow(/SOURCE_UNREADABLE/);
  });
});

describe('a Parquet file', () => {
  const orders = () => join(folder.path, 'orders.parquet');

  test.each([
    ['text', () => 'hello world, this is no Parquet'],
    ['cut short', () => readFileSync(orders()).subarray(0, 2_000)],
  ])('that is %s is refused by name', async (_, content) => {
    await writeOrders(orders());
    writeFileSync(orders(), content());
    await expect(ingestOrders(folder.path)).rejects.toThrow(/SOURCE_UNREADABLE.*file=.*orders\.parquet/);
  });

  test('with a damaged middle is refused by name', async () => {
    await writeOrders(orders());
    const bytes = readFileSync(orders());
    writeFileSync(orders(), bytes.fill(7, 100, 3_000));
    await expect(ingestOrders(folder.path)).rejects.toThrow(/SOURCE_UNREADABLE.*orders\.parquet/);
  });

  test('without a declared column, or with no row', async () => {
    await writeOrders(orders(), '* EXCLUDE city');
    await expect(ingestOrders(folder.path)).rejects.toThrow(/COLUMN_MISSING.*column=city.*found=at amount price paid/);
    await writeOrders(orders(), '*', 0);
    await expect(ingestOrders(folder.path)).rejects.toThrow(/SOURCE_EMPTY.*no rows/);
  });

  test.each([
    ['amount', 'timestamp', 'BIGINT'],
    ['paid', 'number', 'BOOLEAN'],
    ['amount', 'string', 'BIGINT'],
    ['price', 'boolean', 'DOUBLE'],
  ] as const)('whose column %s is declared as %s', async (name, type, found) => {
    await writeOrders(orders());
    const columns = { ...ORDERS.columns, [name]: type };
    await expect(ingestOrders(folder.path, { source: { columns } })).rejects.toThrow(
      new RegExp(`COLUMN_TYPE.*column=${name}, declared=${type}, found=${found}`)
    );
  });

  test('that changed since it was observed', async () => {
    await writeOrders(orders());
    const { files } = await observe(ORDERS, folder.path);
    await writeOrders(orders(), '*', 500);
    const local = files.map((file) => ({ ...file, local: join(folder.path, file.path) }));
    const input = { files: local, format: 'parquet', source: ORDERS, schema: ANYTHING, asOf: LATER } as const;
    await expect(ingestFiles(input, context(folder.path))).rejects.toThrow(/SOURCE_CHANGED.*orders\.parquet/);
  });

  test('of a column whose name is SQL', async () => {
    await writeOrders(orders());
    const columns = { ...ORDERS.columns, 'a"; DROP TABLE staged; --': 'string' } as const;
    await expect(ingestOrders(folder.path, { source: { columns } })).rejects.toThrow(/NAME_INVALID/);
  });
});

test('a database of a job can read its files and nothing else', async () => {
  await writeOrders(join(folder.path, 'secret.parquet'));
  await writeOrders(join(folder.path, 'given.parquet'));
  const given = join(folder.path, 'given.parquet');
  await withDatabase({ files: [given] }, async (database) => {
    expect(await database.rows(`SELECT count(*) AS n FROM '${given}'`)).toEqual([{ n: 1_000n }]);
    const refused = database.rows(`SELECT * FROM '${join(folder.path, 'secret.parquet')}'`);
    await expect(refused).rejects.toThrow('disabled by configuration');
    await expect(database.run(`COPY (SELECT 1) TO '${join(folder.path, 'x.csv')}'`)).rejects.toThrow('disabled');
    await expect(database.run('SET threads = 4')).rejects.toThrow('locked');
  });
});

describe('what an error shows of a file', () => {
  const long = `${'secret '.repeat(40)}\u001b[31m`;

  /** The longest stretch that the message and its causes have in common with the file. */
  async function shown(content: string, columns: Readonly<Record<string, ColumnType>>, format: 'csv' | 'jsonl') {
    write(folder.path, 'orders.csv', content);
    const reader = { file: { path: 'orders.csv', format } } as const;
    const { files } = await observe({ name: 'orders', reader }, folder.path);
    const local = files.map((file) => ({ ...file, local: join(folder.path, file.path) }));
    const source = { ...ORDERS, reader, columns: columnsOf(columns), eventTime: 'at', knownAt: 'at' } as never;
    const input = { files: local, format, source, schema: ANYTHING, asOf: LATER } as const;
    const error = await ingestFiles(input, context(folder.path)).then(
      () => undefined,
      (failure: Error) => failure
    );
    return [error?.message ?? '', JSON.stringify((error?.cause as Error | undefined)?.message ?? '')];
  }

  test.each([
    ['a wrong value', `at,amount\n2024-01-01,${long}\n`, 'csv'],
    ['a header', `${Array.from({ length: 60 }, (_, i) => `secret_${i}`).join(',')}\n1\n`, 'csv'],
    ['a line that is cut short', `at,amount\n2024-01-01,"${long}\n`, 'csv'],
    ['a line that is not JSON', `{"at": "2024-01-01", "amount": ${long}}\n`, 'jsonl'],
  ] as const)('is at most 80 printable characters: %s', async (_, content, format) => {
    const [message, cause] = await shown(content, { at: 'timestamp', amount: 'integer' }, format);
    expect(message).toMatch(/^MLOPS_/);
    expect((`${message}${cause}`.match(/secret/g) ?? []).length).toBeLessThanOrEqual(80 / 'secret '.length);
    // oxlint-disable-next-line no-control-regex
    expect(message).not.toMatch(/\u001b/);
  });
});

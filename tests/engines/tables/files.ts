/** Source files for tests, and a job's folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ColumnDefinition, ColumnType, SchemaDefinition, SourceDefinition } from '../../../src/domain/definition';
import type { JobContext, JobProgress } from '../../../src/domain/job';
import { observe } from '../../../src/engines/tables/observe';
import { type Ingested, ingestFiles, type ToIngest } from '../../support/ingested';

export interface TestFolder {
  readonly path: string;
  remove(): void;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'mlops-tables-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function context(folder: string): JobContext & { readonly told: JobProgress[] } {
  const told: JobProgress[] = [];
  return { folder, told, progress: (progress) => told.push(progress), checkpoint: () => undefined };
}

export async function sql(...statements: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    let rows: readonly Readonly<Record<string, unknown>>[] = [];
    for (const statement of statements) rows = (await connection.runAndReadAll(statement)).getRowObjectsJS();
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Ten days of 100 orders: `at` every 864 s, known an hour later; amount i; city of 4; paid of 2. */
export async function writeOrders(file: string, select = '*', rows = 1_000): Promise<string> {
  await sql(
    `COPY (SELECT ${select} FROM (
       SELECT timestamp '2024-01-01' + to_seconds(864 * i) AS at, i AS amount, i / 2 AS price,
         ['Oslo', 'Bern', 'Ålesund', 'Rome'][1 + i % 4] AS city, i % 3 = 0 AS paid, i AS i
       FROM range(${rows}) r(i))) TO '${file}' (FORMAT parquet)`
  );
  return file;
}

export const TYPES = { at: 'timestamp', amount: 'integer', price: 'number', city: 'string', paid: 'boolean' } as const;

export type Columns = Readonly<Record<string, ColumnType | ColumnDefinition>>;

/** As `defineProject` makes them. */
export function columnsOf(columns: Columns): SourceDefinition['columns'] {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, typeof column === 'string' ? { type: column } : column])
  );
}

export const ORDERS: SourceDefinition = {
  name: 'orders',
  reader: { file: { path: 'orders.parquet', format: 'parquet' } },
  missing: [''],
  columns: columnsOf(TYPES),
  eventTime: 'at',
  knownAt: { eventTimePlus: { minutes: 60, minutesPer: {} } },
};

export const ANYTHING: SchemaDefinition = {
  columns: [],
  table: [],
  dependencies: [],
  maxQuarantinedShare: 0.1,
  maxBrokenShare: 0.1,
  minRows: 1,
  newColumns: 'report',
  newCategories: 'report',
  newCategoriesOf: {},
};

export const LATER = '2030-01-01T00:00:00Z';

type Changes = Partial<Omit<ToIngest, 'files' | 'source' | 'schema'>> & {
  readonly source?: Partial<Omit<SourceDefinition, 'columns'>> & { readonly columns?: Columns };
  readonly schema?: Partial<SchemaDefinition>;
  readonly into?: string;
};

/** Observes `orders.<format>` in the folder, and ingests it into the same folder (or `into`). */
export async function ingestOrders(folder: string, changes: Changes = {}): Promise<Ingested> {
  const { source, schema, into = folder, format = 'parquet', ...rest } = changes;
  const reader = { file: { path: `orders.${format}`, format } };
  const { files } = await observe({ name: 'orders', reader }, folder);
  const input: ToIngest = {
    files: files.map((file) => ({ ...file, local: join(folder, file.path) })),
    format,
    source: { ...ORDERS, reader, ...source, columns: columnsOf(source?.columns ?? TYPES) },
    schema: { ...ANYTHING, ...schema },
    asOf: LATER,
    ...rest,
  };
  return await ingestFiles(input, context(into));
}

export function write(folder: string, name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

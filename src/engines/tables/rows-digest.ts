/**
 * The identity of rows, whatever wrote their bytes: SHA-256 over the SHA-256 of each column, in code-point order of
 * their names. A column's digest is over one line of JSON {name, type, rows}, then its values in row order: integers
 * and timestamps (µs) as int64 (missing: −2^63), numbers as float64 (missing: NaN), booleans as int8 (missing: −1), strings as int32
 * index into the distinct values in code-point order (missing: −1), followed by those values as JSON. Little-endian.
 */
import { createHash } from 'node:crypto';
import type { ColumnType } from '../../domain/definition';
import type { Digest } from '../../domain/refs';
import { type Database, numbersOf } from './duckdb';
import { FILE, KNOWN_AT, LEAST_BIGINT, ROW } from './sql';

type Values = Int8Array | Int32Array | Float64Array | BigInt64Array;

interface DigestedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Strings: distinct values of the whole table, in code-point order. */
  readonly dictionary?: readonly string[];
}

/** Digests runs of a table's rows. */
export interface RowsDigester {
  /** Rows from … to−1, by `rowid`. */
  digest(from: number, to: number): Promise<Digest>;
}

/** @param table rows in their order, with the declared columns and `__file`, `__row`, `__known_at` */
export async function rowsDigester(
  database: Database,
  table: string,
  declared: Readonly<Record<string, ColumnType>>
): Promise<RowsDigester> {
  const types: Readonly<Record<string, ColumnType>> = {
    ...declared,
    [FILE]: 'string',
    [ROW]: 'integer',
    [KNOWN_AT]: 'timestamp',
  };
  const columns: DigestedColumn[] = [];
  for (const name of Object.keys(types).sort()) {
    const type = types[name]!;
    columns.push({ name, type, ...(type === 'string' ? { dictionary: await makeCodes(database, table, name) } : {}) });
  }
  return { digest: (from, to) => digestRows(database, table, columns, from, to) };
}

async function makeCodes(database: Database, table: string, name: string): Promise<readonly string[]> {
  const codes = `"codes of ${name}"`;
  const distinct = `SELECT DISTINCT "${name}"::VARCHAR AS v FROM ${table} WHERE v IS NOT NULL ORDER BY v`;
  await database.run(`CREATE TYPE ${codes} AS ENUM (${distinct})`);
  const listed = await database.rows(`SELECT unnest(enum_range(NULL::${codes}))::VARCHAR AS value`);
  return listed.map(({ value }) => value as string);
}

async function digestRows(
  database: Database,
  table: string,
  columns: readonly DigestedColumn[],
  from: number,
  to: number
): Promise<Digest> {
  const values = columns.map(({ type }) => arrayOf(type, to - from));
  const expressions = columns.map(({ name, type }) => expressionOf(name, type)).join(', ');
  let done = 0;
  const rows = `${table} WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`;
  for await (const chunk of database.chunks(`SELECT ${expressions} FROM ${rows}`)) {
    values.forEach((into, i) => {
      if (into instanceof BigInt64Array) into.set(numbersOf(chunk, i, BigInt64Array), done);
      else if (into instanceof Float64Array) into.set(numbersOf(chunk, i, Float64Array), done);
      else if (into instanceof Int32Array) into.set(numbersOf(chunk, i, Int32Array), done);
      else into.set(numbersOf(chunk, i, Int8Array), done);
    });
    done += chunk.rowCount;
  }
  const hash = createHash('sha256');
  columns.forEach((column, i) => hash.update(columnDigest(column, values[i]!)));
  return `sha256:${hash.digest('hex')}`;
}

function arrayOf(type: ColumnType, rows: number): Values {
  switch (type) {
    case 'integer':
    case 'timestamp':
      return new BigInt64Array(rows);
    case 'number':
      return new Float64Array(rows);
    case 'boolean':
      return new Int8Array(rows);
    case 'string':
      return new Int32Array(rows);
  }
}

function expressionOf(name: string, type: ColumnType): string {
  switch (type) {
    case 'integer':
      return `coalesce("${name}", ${LEAST_BIGINT})`;
    case 'timestamp':
      return `coalesce(epoch_us("${name}"), ${LEAST_BIGINT})`;
    case 'number':
      return `coalesce("${name}", 'nan'::DOUBLE)`;
    case 'boolean':
      return `coalesce("${name}"::TINYINT, -1::TINYINT)`;
    case 'string':
      return `coalesce(enum_code("${name}"::VARCHAR::"codes of ${name}")::INTEGER, -1)`;
  }
}

function columnDigest({ name, type, dictionary }: DigestedColumn, values: Values): Buffer {
  const hash = createHash('sha256').update(`${JSON.stringify({ name, type, rows: values.length })}\n`);
  if (dictionary === undefined || !(values instanceof Int32Array)) return hash.update(values).digest();
  // Codes of these rows' own values, not of the table's.
  const used = new Int32Array(dictionary.length);
  for (const code of values) if (code >= 0) used[code] = 1;
  const own: string[] = [];
  dictionary.forEach((value, code) => {
    if (used[code] === 1) used[code] = own.push(value) - 1;
  });
  return hash
    .update(values.map((code) => (code < 0 ? code : used[code]!)))
    .update(JSON.stringify(own))
    .digest();
}

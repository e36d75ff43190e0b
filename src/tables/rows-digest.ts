/**
 * The identity of rows, whatever wrote their bytes: SHA-256 over the SHA-256 of each column, in code-point order of
 * their names. A column's digest is over one line of JSON {name, type, rows}, then its values in row order: integers
 * and timestamps (µs) as int64 (missing: −2^63), numbers as float64 (missing: NaN), booleans as int8 (missing: −1), strings as int32
 * index into the distinct values in code-point order (missing: −1), followed by those values as JSON. Little-endian.
 */
import { createHash } from 'node:crypto';
import type { ColumnType } from '../domain/definition';
import type { Digest } from '../domain/refs';
import { type Database, numbersOf } from './duckdb';
import { FILE, KNOWN_AT, ROW } from './sql';

type Values = Int8Array | Int32Array | Float64Array | BigInt64Array;

interface DigestedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** All rows' values; strings as codes of `dictionary`. */
  readonly values: Values;
  readonly dictionary?: readonly string[];
}

/** @param table rows in their order, with the declared columns and `__file`, `__row`, `__known_at` */
export async function rowsDigests(
  database: Database,
  table: string,
  columns: Readonly<Record<string, ColumnType>>,
  cuts: readonly { readonly from: number; readonly to: number }[]
): Promise<readonly Digest[]> {
  const types: Readonly<Record<string, ColumnType>> = {
    ...columns,
    [FILE]: 'string',
    [ROW]: 'integer',
    [KNOWN_AT]: 'timestamp',
  };
  const hashes = cuts.map(() => createHash('sha256'));
  // One column in memory at a time.
  for (const name of Object.keys(types).sort()) {
    const column = await readColumn(database, table, name, types[name]!, cuts.at(-1)?.to ?? 0);
    cuts.forEach(({ from, to }, i) => hashes[i]!.update(columnDigest(column, from, to)));
  }
  return hashes.map((hash) => `sha256:${hash.digest('hex')}` as const);
}

async function readColumn(
  database: Database,
  table: string,
  name: string,
  type: ColumnType,
  rows: number
): Promise<DigestedColumn> {
  const codes = `"codes of ${name}"`;
  if (type === 'string') {
    await database.run(
      `CREATE TYPE ${codes} AS ENUM (SELECT DISTINCT "${name}"::VARCHAR AS v FROM ${table} WHERE v IS NOT NULL ORDER BY v)`
    );
  }
  const values = arrayOf(type, rows);
  let done = 0;
  for await (const chunk of database.chunks(`SELECT ${expressionOf(name, type)} FROM ${table} ORDER BY rowid`)) {
    if (values instanceof BigInt64Array) values.set(numbersOf(chunk, 0, BigInt64Array), done);
    else if (values instanceof Float64Array) values.set(numbersOf(chunk, 0, Float64Array), done);
    else if (values instanceof Int32Array) values.set(numbersOf(chunk, 0, Int32Array), done);
    else values.set(numbersOf(chunk, 0, Int8Array), done);
    done += chunk.rowCount;
  }
  if (type !== 'string') return { name, type, values };
  const listed = await database.rows(`SELECT unnest(enum_range(NULL::${codes}))::VARCHAR AS value`);
  return { name, type, values, dictionary: listed.map(({ value }) => value as string) };
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
      return `coalesce("${name}", -9223372036854775807 - 1)`;
    case 'timestamp':
      return `coalesce(epoch_us("${name}"), -9223372036854775807 - 1)`;
    case 'number':
      return `coalesce("${name}", 'nan'::DOUBLE)`;
    case 'boolean':
      return `coalesce("${name}"::TINYINT, -1::TINYINT)`;
    case 'string':
      return `coalesce(enum_code("${name}"::VARCHAR::"codes of ${name}")::INTEGER, -1)`;
  }
}

function columnDigest({ name, type, values, dictionary }: DigestedColumn, from: number, to: number): Buffer {
  const hash = createHash('sha256').update(`${JSON.stringify({ name, type, rows: to - from })}\n`);
  const part = values.subarray(from, to);
  if (dictionary === undefined || !(part instanceof Int32Array)) return hash.update(part).digest();
  const used = new Int32Array(dictionary.length);
  for (const code of part) if (code >= 0) used[code] = 1;
  const own: string[] = [];
  dictionary.forEach((value, code) => {
    if (used[code] === 1) used[code] = own.push(value) - 1;
  });
  return hash
    .update(part.map((code) => (code < 0 ? code : used[code]!)))
    .update(JSON.stringify(own))
    .digest();
}

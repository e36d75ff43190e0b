/** A source's file as a relation in SQL: the declared columns in their declared types, and the row's number. */
import { open } from 'node:fs/promises';
import { type ColumnType, columnTypes, type SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import { MOST_QUOTED, quoted } from '../../domain/quote';
import type { Database } from './duckdb';
import { column, path, ROW, text } from './sql';

export type FileFormat = Extract<SourceDefinition['reader'], { readonly file: unknown }>['file']['format'];

/** What of Parquet can stand for a declared type without losing anything. */
const PARQUET_TYPES = {
  string: /^(VARCHAR|UUID|ENUM\(.*\))$/,
  integer: /^(U?TINYINT|U?SMALLINT|U?INTEGER|BIGINT)$/,
  number: /^(FLOAT|DOUBLE|DECIMAL\(.*\)|U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT)$/,
  boolean: /^BOOLEAN$/,
  timestamp: /^(DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE)$/,
} as const satisfies Readonly<Record<ColumnType, RegExp>>;

/** In the text of a database error: a value that isn't of its column's type, as JSON. */
export const WRONG_VALUE = 'wrong value ';

/**
 * A subquery with the declared columns and `__row` (from 0). Row numbers of CSV and JSON Lines count data rows.
 * @param file a local path
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: not what it claims to be; MLOPS_SOURCE_EMPTY; MLOPS_COLUMN_MISSING,
 * MLOPS_COLUMN_TYPE. Types of text are checked while rows are read.
 */
export async function relationOf(
  database: Database,
  file: string,
  format: FileFormat,
  source: Pick<SourceDefinition, 'columns'>
): Promise<string> {
  const columns = columnTypes(source);
  switch (format) {
    case 'parquet':
      return parquet(database, file, columns);
    case 'csv':
      return csv(database, file, columns);
    case 'jsonl':
      return jsonLines(database, file, columns);
  }
}

async function parquet(
  database: Database,
  file: string,
  columns: Readonly<Record<string, ColumnType>>
): Promise<string> {
  await checkMagic(file);
  const described = await database.rows(`DESCRIBE SELECT * FROM read_parquet(${path(file)})`);
  const found = new Map(described.map((row) => [String(row['column_name']), String(row['column_type'])]));
  checkPresent(file, columns, [...found.keys()]);
  for (const [name, type] of Object.entries(columns)) {
    const has = found.get(name)!;
    if (PARQUET_TYPES[type].test(has)) continue;
    const where = { file, column: name, declared: type, found: quoted(has) };
    const what = 'A column has another type than declared.';
    throw new MlopsError('MLOPS_COLUMN_TYPE', what, where, 'Change the definition, or write the file in that type.');
  }
  await checkRows(database, file, `read_parquet(${path(file)})`);
  const values = Object.entries(columns).map(([name, type]) => `${tidy(column(name), type)} AS ${column(name)}`);
  return `SELECT ${values.join(', ')}, file_row_number AS "${ROW}" FROM read_parquet(${path(file)}, file_row_number = true)`;
}

/** UTF-8, commas, a header, quotes doubled inside quotes; an empty field is missing. */
async function csv(database: Database, file: string, columns: Readonly<Record<string, ColumnType>>): Promise<string> {
  const header = await csvHeader(file);
  checkPresent(file, columns, header);
  const all = header.map((name) => `${text(name)}: 'VARCHAR'`).join(', ');
  const options = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = ''`;
  const raw = `read_csv(${path(file)}, ${options}, columns = {${all}})`;
  await checkRows(database, file, raw);
  const values = Object.entries(columns).map(([name, type]) => {
    return `${parsed(name, type, column(name), `${column(name)} IS NOT NULL`)} AS ${column(name)}`;
  });
  return `SELECT ${values.join(', ')}, "${ROW}" FROM (SELECT *, row_number() OVER () - 1 AS "${ROW}" FROM ${raw})`;
}

/** One JSON object a line; a column that is absent or null is missing. */
async function jsonLines(
  database: Database,
  file: string,
  columns: Readonly<Record<string, ColumnType>>
): Promise<string> {
  const names = Object.keys(columns);
  const raw = `read_ndjson_objects(${path(file)})`;
  const key = (name: string) => text(`$.${column(name)}`);
  const present = names.map((name) => `coalesce(bool_or(json_exists(json, ${key(name)})), false) AS ${column(name)}`);
  await checkRows(database, file, raw);
  const [found] = await database.rows(`SELECT ${present.join(', ')} FROM ${raw}`);
  checkPresent(
    file,
    columns,
    names.filter((name) => found?.[name] === true)
  );
  const values = names.map((name) => {
    const kind = `coalesce(json_type(json, ${key(name)}), 'NULL')`;
    const wellTyped = `${kind} IN (${JSON_TYPES[columns[name]!].map(text).join(', ')})`;
    const value = `CASE WHEN ${wellTyped} THEN json_extract_string(json, ${key(name)}) END`;
    const there = `${kind} <> 'NULL'`;
    return `${parsed(name, columns[name]!, value, there)} AS ${column(name)}`;
  });
  return `SELECT ${values.join(', ')}, "${ROW}" FROM (SELECT json, row_number() OVER () - 1 AS "${ROW}" FROM ${raw})`;
}

const JSON_TYPES = {
  string: ['VARCHAR'],
  // Many write integers as text, because a JSON number is a double to most readers.
  integer: ['BIGINT', 'UBIGINT', 'VARCHAR'],
  number: ['BIGINT', 'UBIGINT', 'DOUBLE'],
  boolean: ['BOOLEAN'],
  timestamp: ['VARCHAR'],
} as const satisfies Readonly<Record<ColumnType, readonly string[]>>;

/** Text → value; where something is there that is not such a value, the query ends with WRONG_VALUE. */
function parsed(name: string, type: ColumnType, value: string, there: string): string {
  const it = parsedText(type, value);
  const detail = `json_object('column', ${text(name)}, 'row', "${ROW}", 'declared', ${text(type)}, 'found', left(${value}, ${MOST_QUOTED}))`;
  return `CASE WHEN (${it}) IS NULL AND ${there} THEN error(${text(WRONG_VALUE)} || ${detail}) ELSE ${tidy(it, type)} END`;
}

function parsedText(type: ColumnType, value: string): string {
  switch (type) {
    case 'string':
      return value;
    case 'integer':
      // A cast alone would round '1.5'.
      return `CASE WHEN regexp_full_match(${value}, '[+-]?[0-9]+') THEN TRY_CAST(${value} AS BIGINT) END`;
    case 'number':
      return `TRY_CAST(${value} AS DOUBLE)`;
    case 'boolean':
      return `TRY_CAST(${value} AS BOOLEAN)`;
    case 'timestamp':
      // Without a zone it is UTC. A cast straight to TIMESTAMP would drop the zone.
      return `TRY_CAST(${value} AS TIMESTAMPTZ)`;
  }
}

/** NaN and infinite moments count as missing, so that missing is one thing. */
function tidy(value: string, type: ColumnType): string {
  switch (type) {
    case 'string':
      return `(${value})::VARCHAR`;
    case 'integer':
      return `(${value})::BIGINT`;
    case 'boolean':
      return `(${value})::BOOLEAN`;
    case 'number':
      return `CASE WHEN NOT isnan((${value})::DOUBLE) THEN (${value})::DOUBLE END`;
    case 'timestamp':
      return `CASE WHEN isfinite((${value})::TIMESTAMP) THEN (${value})::TIMESTAMP END`;
  }
}

async function checkMagic(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const ends = Buffer.alloc(8);
    await handle.read(ends, 0, 4, 0);
    await handle.read(ends, 4, 4, Math.max(0, size - 4));
    if (size >= 12 && ends.toString('latin1') === 'PAR1PAR1') return;
  } finally {
    await handle.close();
  }
  const what = 'The file claims to be Parquet, but does not begin and end as one.';
  throw new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file }, 'It may be cut short: fetch it again.');
}

async function checkRows(database: Database, file: string, relation: string): Promise<void> {
  const any = await database.rows(`SELECT 1 AS one FROM ${relation} LIMIT 1`);
  if (any.length > 0) return;
  throw new MlopsError('MLOPS_SOURCE_EMPTY', 'The file has no rows.', { file }, 'Write it again, whole.');
}

function checkPresent(file: string, columns: Readonly<Record<string, ColumnType>>, found: readonly string[]): void {
  for (const name of Object.keys(columns)) {
    if (found.includes(name)) continue;
    const where = { file, column: name, found: quoted(found.join(' ')) };
    throw new MlopsError(
      'MLOPS_COLUMN_MISSING',
      'The file lacks a declared column.',
      where,
      'Fix the file or definition.'
    );
  }
}

const HEADER_BYTES = 1 << 16;

async function csvHeader(file: string): Promise<readonly string[]> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const [line = ''] = buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/, 1);
    return fieldsOf(line);
  } finally {
    await handle.close();
  }
}

function fieldsOf(line: string): readonly string[] {
  const fields = [''];
  let quoted = false;
  for (const part of line.split(/(")|(,)/).filter((piece) => piece !== undefined && piece !== '')) {
    if (part === '"') quoted = !quoted;
    else if (part === ',' && !quoted) fields.push('');
    else fields[fields.length - 1] += part;
  }
  return fields;
}

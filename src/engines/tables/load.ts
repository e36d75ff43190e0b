/** Rows of a snapshot, and their labels, as columns in memory: what training, scoring and statistics read. */
import { basename } from 'node:path';
import { type ColumnType, widthOfVector } from '../../domain/definition';
import { MlopsError, type Where } from '../../domain/errors';
import type { RowFilter } from '../../domain/split';
import type { Column, TableColumns } from './columns';
import { sqlType, typeSql } from './column-sql';
import { quoted } from '../../domain/quote';
import { type Database, listsOf, messageOf, numbersOf, textsOf, withDatabase } from './duckdb';
import { LABEL, type LabelledShard, labelledRows } from './labelled-rows';
import type { DataShard } from './live-rows';
import { filterColumns, filterSql } from './row-filter';
import { column, FILE, KEY, KNOWN_AT, ROW } from './sql';

export function withoutLabels({ data, batch, removed }: LabelledShard): DataShard {
  return { data, batch, removed };
}

export interface LoadRequest {
  readonly shards: readonly LabelledShard[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly where: RowFilter;
  /** The source's event-time column, where it has one. */
  readonly eventTime?: string;
  /** Whether the rows' keys are wanted, too. */
  readonly keys?: true;
}

/** Rows in total order: event time (where there is one), key. Where labels are read, only the rows that have one. */
export interface LoadedRows {
  readonly table: TableColumns;
  /** [rows], µs since 1970-01-01T00:00Z; absent where the source has no event time */
  readonly eventTime?: BigInt64Array;
  /** [rows], 32 bits of each row's key, where they were asked for. */
  readonly keys?: Float64Array;
  /** [rows]. Absent when no shard has labels. */
  readonly labels?: Float32Array;
  /** Rows that were left out since they have no label. */
  readonly unlabelled: number;
  readonly places: RowPlaces;
}

/** Where a row came from: the path of its file, and its number in that file. */
export interface RowPlaces {
  /** Distinct paths in order. */
  readonly files: readonly string[];
  /** [rows], index into `files` */
  readonly fileIndex: Int32Array;
  /** [rows], from 0; exact as double */
  readonly row: Float64Array;
}

/** A row for an error: its file, and its number there from 0. */
export function rowName({ files, fileIndex, row }: RowPlaces): (index: number) => Where {
  return (index) => ({ file: files[fileIndex[index]!], row: row[index] });
}

/**
 * @param folder for what doesn't fit in the database's memory; without one there is MLOPS_OUT_OF_MEMORY
 * @throws MlopsError MLOPS_ARTIFACT_CORRUPT: a shard can't be read, lacks a column, or its labels are of other rows
 */
export function loadColumns(request: LoadRequest, folder?: string): Promise<LoadedRows> {
  return withShards(request, folder, (database) => load(database, request));
}

/** Some rows, one after the other in total order; codes of a column of strings are those of all rows. */
export interface LoadedStretch {
  readonly table: TableColumns;
  readonly eventTime: BigInt64Array;
}

/** Numbers of a stretch: 16 MB. */
const STRETCH_NUMBERS = 2_097_152;
/** As many as the database gives at once. */
const LEAST_ROWS = 2_048;

/**
 * As `loadColumns` of rows with an event time, for whoever needs each row once: a stretch after the other is in memory.
 * Its arrays hold the next one as soon as `take` returns.
 */
export function loadStretches(
  request: LoadRequest & { readonly eventTime: string },
  folder: string,
  take: (stretch: LoadedStretch) => void,
  mostRows = stretchRows(request)
): Promise<void> {
  return withShards(request, folder, (database) => stretches(database, request, take, mostRows));
}

function stretchRows({ columns }: LoadRequest): number {
  const widths = Object.entries(columns).map(([name, type]) => partOf(name, type, 0).width ?? 1);
  return Math.max(LEAST_ROWS, Math.floor(STRETCH_NUMBERS / widths.reduce((sum, width) => sum + width, 1)));
}

async function withShards<T>(
  request: LoadRequest,
  folder: string | undefined,
  use: (database: Database) => Promise<T>
): Promise<T> {
  const files = filesOf(request.shards);
  if (files.length === 0) throw new MlopsError('MLOPS_TOO_FEW_ROWS', 'There is no shard.', {}, 'Ingest rows first.');
  try {
    return await withDatabase({ files, ...(folder === undefined ? {} : { folder }) }, use);
  } catch (error) {
    if (error instanceof MlopsError) throw error;
    const what = `A shard can't be loaded: ${quoted(withoutFolders(messageOf(error), files))}`;
    const where = { shards: request.shards.map(({ data }) => data).join(' ') };
    throw new MlopsError('MLOPS_ARTIFACT_CORRUPT', what, where, HOW_TO_FIX);
  }
}

function filesOf(shards: LoadRequest['shards']): readonly string[] {
  const all = shards.flatMap(({ data, labels, removed }) => [
    data,
    ...(labels === undefined ? [] : [labels]),
    ...removed,
  ]);
  return [...new Set(all)];
}

function withoutFolders(said: string, files: readonly string[]): string {
  return files.reduce((text, file) => text.replaceAll(file, basename(file)), said);
}

const KEY_BITS = `CAST('0x' || substr("${KEY}"::VARCHAR, 1, 8) AS BIGINT)::DOUBLE`;
const HOW_TO_FIX = 'Remove these local copies, which are downloaded and checked anew, and retry.';

async function load(database: Database, request: LoadRequest): Promise<LoadedRows> {
  const names = Object.keys(request.columns);
  const labelled = request.shards.some(({ labels }) => labels !== undefined);
  const asked = `FROM ${rowsOf(request)} WHERE ${filterSql(request.where, request.eventTime)}`;
  const from = labelled ? `${asked} AND "${LABEL}" IS NOT NULL` : asked;
  const count = async (of: string) => Number((await database.rows(`SELECT count(*) AS n ${of}`))[0]!['n']);
  const rows = await count(from);
  const unlabelled = labelled ? (await count(asked)) - rows : 0;
  const dictionaries = await makeDictionaries(database, [...stringsOf(request), FILE], from);

  const parts: Part[] = [
    { expression: codeOf(FILE), into: new Int32Array(rows) },
    { expression: `"${ROW}"::DOUBLE`, into: new Float64Array(rows) },
    ...names.map((name) => partOf(name, request.columns[name]!, rows)),
    ...(labelled ? [{ expression: `"${LABEL}"::DOUBLE`, into: new Float64Array(rows) }] : []),
    ...(request.keys ? [{ expression: KEY_BITS, into: new Float64Array(rows) }] : []),
  ];
  const timed = request.eventTime === undefined ? undefined : timesOf(request.eventTime, rows);
  const eventTime = timed?.into;
  await fill(database, timed === undefined ? parts : [...parts, timed], from, timed !== undefined);
  const [fileIndex, row, ...rest] = parts.map(({ into }) => into);
  const columns = Object.fromEntries(names.map((name, i) => [name, columnOf(parts[i + 2]!, dictionaries.get(name))]));
  return {
    table: { rows, columns },
    ...(eventTime === undefined ? {} : { eventTime }),
    unlabelled,
    ...(labelled ? { labels: Float32Array.from(rest[names.length] as Float64Array) } : {}),
    ...(request.keys ? { keys: parts.at(-1)!.into as Float64Array } : {}),
    places: { files: dictionaries.get(FILE)!, fileIndex: fileIndex as Int32Array, row: row as Float64Array },
  };
}

async function stretches(
  database: Database,
  request: LoadRequest & { readonly eventTime: string },
  take: (stretch: LoadedStretch) => void,
  mostRows: number
): Promise<void> {
  const names = Object.keys(request.columns);
  const from = `FROM ${rowsOf(request)} WHERE ${filterSql(request.where, request.eventTime)}`;
  const dictionaries = await makeDictionaries(database, stringsOf(request), from);
  const timed = timesOf(request.eventTime, mostRows);
  const parts: Part[] = [...names.map((name) => partOf(name, request.columns[name]!, mostRows)), timed];
  let rows = 0;
  const flush = (): void => {
    if (rows === 0) return;
    const columns = names.map((name, i) => [name, columnOf(firstOf(parts[i]!, rows), dictionaries.get(name))]);
    take({ table: { rows, columns: Object.fromEntries(columns) }, eventTime: timed.into.subarray(0, rows) });
    rows = 0;
  };
  for await (const chunk of inOrder(database, parts, from, true)) {
    if (rows + chunk.rowCount > mostRows) flush();
    copy(chunk, parts, rows);
    rows += chunk.rowCount;
  }
  flush();
}

function rowsOf({ shards, columns, eventTime, where }: LoadRequest): string {
  const read = [...(eventTime === undefined ? [] : [eventTime]), ...filterColumns(where), ...Object.keys(columns)];
  const own = [...new Set(read)].map(column);
  return labelledRows(shards, [...own, `"${KEY}"`, `"${KNOWN_AT}"`, `"${FILE}"`, `"${ROW}"`]);
}

/** Columns whose values are codes. */
function stringsOf({ columns }: LoadRequest): readonly string[] {
  return Object.keys(columns).filter((name) => typeSql(columns[name]!).loaded.as === 'codes');
}

async function makeDictionaries(
  database: Database,
  names: readonly string[],
  from: string
): Promise<ReadonlyMap<string, readonly string[]>> {
  const dictionaries = new Map<string, readonly string[]>();
  for (const name of names) dictionaries.set(name, await makeDictionary(database, name, from));
  return dictionaries;
}

/** Makes the distinct values an ENUM, in code-point order: a cast to it gives the code. */
async function makeDictionary(database: Database, name: string, from: string): Promise<readonly string[]> {
  const type = `"codes of ${name}"`;
  const values = `SELECT DISTINCT "${name}" AS value ${from} AND "${name}" IS NOT NULL ORDER BY value`;
  await database.run(`CREATE TYPE ${type} AS ENUM (${values})`);
  const listed = await database.rows(`SELECT unnest(enum_range(NULL::${type}))::VARCHAR AS value`);
  return listed.map(({ value }) => value as string);
}

interface Part {
  readonly expression: string;
  readonly into: Float64Array | Int32Array | BigInt64Array | (string | null)[];
  /** Numbers of each row; absent: one. */
  readonly width?: number;
}

const codeOf = (name: string) => `coalesce(enum_code("${name}"::"codes of ${name}")::INTEGER, -1)`;

function partOf(name: string, type: ColumnType, rows: number): Part {
  const it = `${column(name)}::${sqlType(type)}`;
  const { loaded } = typeSql(type);
  if (loaded.as === 'codes') return { expression: codeOf(name), into: new Int32Array(rows) };
  if (loaded.as === 'texts') return { expression: it, into: [] };
  if (loaded.as === 'vectors') {
    const width = widthOfVector(type)!;
    return { expression: `coalesce(${it}, [])`, into: new Float64Array(rows * width), width };
  }
  const expression = loaded.expression(it, type);
  return { expression, into: loaded.as === 'micros' ? new BigInt64Array(rows) : new Float64Array(rows) };
}

/** Its first rows. Texts are taken out, to make room for the next ones. */
function firstOf({ into, ...part }: Part, rows: number): Part {
  return { ...part, into: Array.isArray(into) ? into.splice(0) : into.subarray(0, rows * (part.width ?? 1)) };
}

const timesOf = (eventTime: string, rows: number) => ({
  expression: `epoch_us(${column(eventTime)})`,
  into: new BigInt64Array(rows),
});

function columnOf({ into: values, width }: Part, dictionary: readonly string[] | undefined): Column {
  if (values instanceof Int32Array) return { type: 'string', dictionary: dictionary!, codes: values };
  if (values instanceof BigInt64Array) return { type: 'timestamp', values };
  if (Array.isArray(values)) return { type: 'text', values };
  return width === undefined ? { type: 'number', values } : { type: 'vector', width, values };
}

/** Runs the query and copies its vectors into the parts' arrays. */
async function fill(database: Database, parts: readonly Part[], from: string, timed: boolean): Promise<void> {
  let done = 0;
  for await (const chunk of inOrder(database, parts, from, timed)) {
    copy(chunk, parts, done);
    done += chunk.rowCount;
  }
}

/** The parts' vectors in the order of the keys; `timed`: of the last part before them. */
function inOrder(database: Database, parts: readonly Part[], from: string, timed: boolean): AsyncIterable<Chunk> {
  const order = timed ? `c${parts.length - 1}, k` : 'k';
  const expressions = parts.map(({ expression }, i) => `${expression} AS c${i}`).join(', ');
  const all = parts.map((_, i) => `c${i}`).join(', ');
  return database.chunks(`SELECT ${all} FROM (SELECT ${expressions}, "${KEY}" AS k ${from}) ORDER BY ${order}`);
}

type Chunk = Parameters<typeof numbersOf>[0];

function copy(chunk: Chunk, parts: readonly Part[], at: number): void {
  parts.forEach(({ into, width }, i) => {
    if (width !== undefined) (into as Float64Array).set(listsOf(chunk, i, width), at * width);
    else if (into instanceof Float64Array) into.set(numbersOf(chunk, i, Float64Array), at);
    else if (into instanceof Int32Array) into.set(numbersOf(chunk, i, Int32Array), at);
    else if (into instanceof BigInt64Array) into.set(numbersOf(chunk, i, BigInt64Array), at);
    else for (const text of textsOf(chunk, i)) into.push(text);
  });
}

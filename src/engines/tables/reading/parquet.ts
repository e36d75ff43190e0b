/** Parquet: columns by their position, since names may repeat, differ in case only, or be those of DuckDB's own columns. */
import { open } from 'node:fs/promises';
import { type ColumnDefinition, TYPE_FACTS, typeName } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import { quoted } from '../../../domain/quote';
import type { Database } from '../duckdb';
import { LIST, sqlType, vectorSql } from '../column-sql';
import { path, ROW } from '../sql';
import { countsTime, inZone, withinYears } from './moments-of-text';
import { positionsOf } from './positions';
import { requireRow } from './require-row';
import type { Cell, RawTable } from './table';

export async function parquetTable(
  database: Database,
  file: string,
  columns: Readonly<Record<string, ColumnDefinition>>
): Promise<RawTable> {
  await checkMagic(file);
  const scan = `read_parquet(${path(file)}, hive_partitioning = false)`;
  const described = await database.rows(`DESCRIBE SELECT * FROM ${scan}`);
  const types = described.map((row) => String(row['column_type']));
  const names = await namesOf(database, file, described);
  const positions = positionsOf(columns, names, file);
  // Named by position; `file_row_number` is DuckDB's own column, where no other has its name.
  const named = `${scan} p(${types.map((_, i) => `p${i}`).join(', ')})`;
  const read = [...new Set(Object.values(positions).flat())].map((at) => `p${at}`);
  const from = `(SELECT ${[...read, `file_row_number AS "${ROW}"`].join(', ')} FROM ${named})`;
  await requireRow(database, file, from);
  const cells: [string, Cell][] = [];
  for (const [name, definition] of Object.entries(columns)) {
    const places = positions[name]!;
    const [at] = places as readonly [number];
    const cell =
      places.length > 1
        ? partsCell(places, types)
        : (cellOf(definition, types[at]!, `p${at}`) ?? (await emptyCell(database, from, `p${at}`)));
    if (cell === undefined) throw misfit(file, name, definition, places.map((each) => types[each]).join(', '));
    cells.push([name, cell]);
  }
  return { names, from, cells: Object.fromEntries(cells), decimal: '.' };
}

/** As the file has them: DuckDB's description changes names that are there twice. */
async function namesOf(
  database: Database,
  file: string,
  described: readonly Readonly<Record<string, unknown>>[]
): Promise<readonly string[]> {
  const schema = await database.rows(`SELECT name, num_children FROM parquet_schema(${path(file)})`);
  const names: string[] = [];
  // Depth first, behind the root.
  for (let at = 1; at < schema.length; at = behind(schema, at)) names.push(String(schema[at]!['name']));
  return names.length === described.length ? names : described.map((row) => String(row['column_name']));
}

function behind(schema: readonly Readonly<Record<string, unknown>>[], at: number): number {
  let next = at + 1;
  for (let child = Number(schema[at]!['num_children'] ?? 0); child > 0; child -= 1) next = behind(schema, next);
  return next;
}

const TEXT = /^(VARCHAR|UUID|ENUM\(.*\)|TIME|TIME WITH TIME ZONE|TIME_NS)$/;
const INTEGER = /^(U?TINYINT|U?SMALLINT|U?INTEGER|BIGINT)$/;
const LARGE = /^(UBIGINT|U?HUGEINT)$/;
const DECIMAL = /^DECIMAL\(.*\)$/;
const DOUBLE = /^(FLOAT|DOUBLE)$/;
const LOCAL_TIME = /^(DATE|TIMESTAMP|TIMESTAMP_S|TIMESTAMP_MS|TIMESTAMP_NS)$/;
const MOMENT = /^TIMESTAMP WITH TIME ZONE$/;

/** undefined: no such type can stand for the declared one. Text is parsed, as in every other format. */
function cellOf(definition: ColumnDefinition, found: string, it: string): Cell | undefined {
  const is = (...types: readonly RegExp[]) => types.some((type) => type.test(found));
  const converted = (value: string, there = `${it} IS NOT NULL`): Cell => ({ value, there, shown: `${it}::VARCHAR` });
  if (found === 'VARCHAR' || (ofCharacters(definition) && is(TEXT))) return { texts: [`${it}::VARCHAR`] };
  switch (typeName(definition.type)) {
    case 'string':
    case 'text':
      return undefined;
    case 'integer':
      if (is(INTEGER)) return { value: `${it}::BIGINT` };
      if (is(LARGE)) return converted(`TRY_CAST(${it} AS BIGINT)`);
      if (is(DECIMAL)) return converted(`CASE WHEN trunc(${it}) = ${it} THEN TRY_CAST(${it} AS BIGINT) END`);
      if (!is(DOUBLE)) return undefined;
      return converted(`CASE WHEN trunc(${it}) = ${it} THEN TRY_CAST(${it} AS BIGINT) END`, `NOT isnan(${it})`);
    case 'number':
      return is(INTEGER, LARGE, DECIMAL, DOUBLE) ? { value: `${it}::DOUBLE` } : undefined;
    case 'decimal': {
      // Doubles by the digits that they are written with.
      if (is(DOUBLE)) return { texts: [`CASE WHEN NOT isnan(${it}) THEN ${it}::VARCHAR END`] };
      if (!is(INTEGER, LARGE, DECIMAL)) return undefined;
      const value = `TRY_CAST(${it} AS ${sqlType(definition.type)})`;
      return converted(`CASE WHEN TRY_CAST(${value} AS ${found}) = ${it} THEN ${value} END`);
    }
    case 'vector':
      return is(LIST) ? converted(vectorSql(`TRY_CAST(${it} AS DOUBLE[])`, definition.type)) : undefined;
    case 'boolean':
      return found === 'BOOLEAN' ? { value: it } : undefined;
    case 'timestamp': {
      if (countsTime(definition) && is(INTEGER, LARGE, DECIMAL, DOUBLE)) return { texts: [`${it}::VARCHAR`] };
      if (!is(LOCAL_TIME, MOMENT)) return undefined;
      const time = `TRY_CAST(${it} AS TIMESTAMP)`;
      return converted(withinYears(is(MOMENT) ? time : inZone(time, definition.zone)), `isfinite(${it})`);
    }
  }
}

function ofCharacters({ type }: ColumnDefinition): boolean {
  return TYPE_FACTS[typeName(type)].characters;
}

/** Texts, whole numbers, dates and times of day, which stand for parts of a moment. */
function partsCell(places: readonly number[], types: readonly string[]): Cell | undefined {
  const texts = places.map((at) => {
    if (DOUBLE.test(types[at]!)) {
      // Some writers make doubles of whole numbers as soon as one is missing.
      const whole = `trunc(p${at}) = p${at} THEN TRY_CAST(p${at} AS BIGINT)::VARCHAR`;
      return `CASE WHEN isnan(p${at}) THEN NULL WHEN ${whole} ELSE p${at}::VARCHAR END`;
    }
    return [TEXT, INTEGER, LARGE, /^DATE$/].some((type) => type.test(types[at]!)) ? `p${at}::VARCHAR` : undefined;
  });
  const known = texts.filter((each) => each !== undefined);
  return known.length === places.length ? { texts: known.map((each) => `(${each})`) } : undefined;
}

/** A column without any value fits every type: some writers give it one of their own. */
async function emptyCell(database: Database, from: string, it: string): Promise<Cell | undefined> {
  const any = await database.rows(`SELECT 1 AS one FROM ${from} WHERE ${it} IS NOT NULL LIMIT 1`);
  return any.length === 0 ? { texts: ['NULL::VARCHAR'] } : undefined;
}

function misfit(file: string, column: string, { type }: ColumnDefinition, found: string): MlopsError {
  const where = { file, column, declared: type, found: quoted(found) };
  const what = 'A column has another type than declared.';
  return new MlopsError('MLOPS_COLUMN_TYPE', what, where, 'Change the definition, or write the file in that type.');
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

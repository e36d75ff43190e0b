/** JSON Lines, one object a line, or one array of objects. A column that is absent or null is missing; of another JSON type than declared, unparsed. */
import type { ColumnDefinition, SourceDefinition } from '../../../domain/definition';
import type { Database } from '../duckdb';
import { path, ROW, text } from '../sql';
import { countsTime } from './moments-of-text';
import { isJsonArray } from './json-array';
import { missingColumn } from './positions';
import { requireRow } from './require-row';
import { lineBytes } from './source-limits';
import type { RawTable } from './table';

const NUMBERS = ['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'];
/** Rows that are looked at before all are. */
const FIRST = 1_000;

/** @param file plain UTF-8 */
export async function jsonLinesTable(
  database: Database,
  file: string,
  { columns }: Pick<SourceDefinition, 'columns'>
): Promise<RawTable> {
  const names = Object.keys(columns);
  const format = (await isJsonArray(file)) ? 'array' : 'newline_delimited';
  const raw = `read_json_objects(${path(file)}, format = '${format}', compression = 'uncompressed', hive_partitioning = false, maximum_object_size = ${lineBytes()})`;
  await requireRow(database, file, raw);
  const pointers = names.map((name) => text(pointerTo(columns[name]!.from ?? name)));
  const all = `[${pointers.join(', ')}]`;
  const read = `json_extract_string(json, ${all}) AS f, json_type(json, ${all}) AS k`;
  const from = `(SELECT json, ${read}, row_number() OVER () - 1 AS "${ROW}" FROM ${raw})`;
  await checkPresent(database, file, columns, from);
  const cells = names.map((name, i) => {
    const allowed = `k[${i + 1}] IN (${kindsOf(columns[name]!).map(text).join(', ')})`;
    return [name, { text: `f[${i + 1}]`, allowed }] as const;
  });
  const misfit = `CASE WHEN json_type(json) <> 'OBJECT' THEN 'not a JSON object' END`;
  return { from, misfit, cells: Object.fromEntries(cells), decimal: '.' };
}

/** Numbers often stand in quotes, because many readers take a JSON number for a double. */
function kindsOf(definition: ColumnDefinition): readonly string[] {
  switch (definition.type) {
    case 'string':
      return ['VARCHAR'];
    case 'integer':
    case 'number':
      return [...NUMBERS, 'VARCHAR'];
    case 'boolean':
      return ['BOOLEAN', 'VARCHAR'];
    case 'timestamp':
      return countsTime(definition) ? [...NUMBERS, 'VARCHAR'] : ['VARCHAR'];
  }
}

/** RFC 6901: a path in JSONPath would give some characters a meaning. */
function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** A column may be absent from many rows, but not from all. Most often the first ones show it. */
async function checkPresent(
  database: Database,
  file: string,
  columns: Readonly<Record<string, ColumnDefinition>>,
  from: string
): Promise<void> {
  const names = Object.keys(columns);
  const present = names.map((_, i) => `coalesce(bool_or(k[${i + 1}] IS NOT NULL), false) AS p${i}`).join(', ');
  const absentFrom = async (rows: string) => {
    const [found] = await database.rows(`SELECT ${present} FROM ${rows}`);
    return names.filter((_, i) => found?.[`p${i}`] !== true);
  };
  const first = `(SELECT * FROM ${from} LIMIT ${FIRST})`;
  if ((await absentFrom(first)).length === 0) return;
  const [name] = await absentFrom(from);
  if (name === undefined) return;
  const keys = `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${first} WHERE json_type(json) = 'OBJECT'`;
  const found = (await database.rows(`SELECT name FROM (${keys}) ORDER BY name`)).map((row) => String(row['name']));
  throw missingColumn(file, name, columns[name]!.from ?? name, found);
}

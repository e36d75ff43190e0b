/** JSON Lines, one object a line, or one array of objects. A column that is absent or null is missing; of another JSON type than declared, unparsed. */
import { type ColumnDefinition, namesInFile, type SourceDefinition, typeName } from '../../../domain/definition';
import type { Database } from '../duckdb';
import { path, ROW, text } from '../sql';
import { countsTime } from './moments-of-text';
import { isJsonArray } from './json-array';
import { missingColumn } from './positions';
import { requireRow } from './require-row';
import { lineBytes } from './source-limits';
import type { RawTable } from './table';

const NUMBERS = ['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'];
/** As many as every double keeps. */
const DOUBLE_DIGITS = 15;
/** Rows that are looked at before all are. */
const FIRST = 1_000;
/** Objects whose keys are data may have any number. */
const MOST_KEYS = 20_000;

/** @param file plain UTF-8 */
export async function jsonLinesTable(
  database: Database,
  file: string,
  { columns }: Pick<SourceDefinition, 'columns'>
): Promise<RawTable> {
  const fields = fieldsOf(columns);
  const format = (await isJsonArray(file)) ? 'array' : 'newline_delimited';
  const raw = `read_json_objects(${path(file)}, format = '${format}', compression = 'uncompressed', hive_partitioning = false, maximum_object_size = ${lineBytes()})`;
  await requireRow(database, file, raw);
  const pointers = fields.map(({ from }) => text(pointerTo(from)));
  const all = `[${pointers.join(', ')}]`;
  const read = `json_extract_string(json, ${all}) AS f, json_type(json, ${all}) AS k`;
  const from = `(SELECT json, ${read}, row_number() OVER () - 1 AS "${ROW}" FROM ${raw})`;
  await checkPresent(database, file, fields, from);
  const cells = Object.entries(columns).map(([name, definition]) => {
    const places = fields.flatMap(({ column }, i) => (column === name ? [i + 1] : []));
    const kinds = kindsOf(definition).map(text).join(', ');
    const exact = typeName(definition.type) === 'decimal' ? places.map(isExact) : [];
    const allowed = [...places.map((at) => `k[${at}] IN (${kinds})`), ...exact].join(' AND ');
    return [name, { texts: places.map((at) => `f[${at}]`), allowed }] as const;
  });
  const misfit = `CASE WHEN json_type(json) <> 'OBJECT' THEN 'not a JSON object' END`;
  return { names: await keysOf(database, raw), from, misfit, cells: Object.fromEntries(cells), decimal: '.' };
}

/** Looks at all objects: a column may be absent from most rows. */
async function keysOf(database: Database, raw: string): Promise<string[]> {
  const keys = `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${raw} WHERE json_type(json) = 'OBJECT'`;
  return (await database.rows(`${keys} ORDER BY name LIMIT ${MOST_KEYS}`)).map(({ name }) => String(name));
}

interface Field {
  readonly column: string;
  /** Its name in the objects. */
  readonly from: string;
}

function fieldsOf(columns: Readonly<Record<string, ColumnDefinition>>): readonly Field[] {
  return Object.entries(columns).flatMap(([column, definition]) =>
    namesInFile(column, definition).map((from) => ({ column, from }))
  );
}

/** Numbers often stand in quotes, because many readers take a JSON number for a double. */
function kindsOf(definition: ColumnDefinition): readonly string[] {
  switch (typeName(definition.type)) {
    case 'string':
    case 'text':
      return ['VARCHAR'];
    case 'integer':
    case 'number':
    case 'decimal':
      return [...NUMBERS, 'VARCHAR'];
    case 'vector':
      return ['ARRAY', 'VARCHAR'];
    case 'boolean':
      return ['BOOLEAN', 'VARCHAR'];
    case 'timestamp':
      return countsTime(definition) || typeof definition.from === 'object' ? [...NUMBERS, 'VARCHAR'] : ['VARCHAR'];
  }
}

/** A JSON number with a point is read as a double: of more than 15 digits it is not what the file says. */
function isExact(at: number): string {
  const digits = `ltrim(regexp_replace(f[${at}], '[eE].*|[^0-9]', '', 'g'), '0')`;
  return `(k[${at}] <> 'DOUBLE' OR length(${digits}) <= ${DOUBLE_DIGITS})`;
}

/** RFC 6901: a path in JSONPath would give some characters a meaning. */
function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** A column may be absent from many rows, but not from all. Most often the first ones show it. */
async function checkPresent(database: Database, file: string, fields: readonly Field[], from: string): Promise<void> {
  const present = fields.map((_, i) => `coalesce(bool_or(k[${i + 1}] IS NOT NULL), false) AS p${i}`).join(', ');
  const absentFrom = async (rows: string) => {
    const [found] = await database.rows(`SELECT ${present} FROM ${rows}`);
    return fields.filter((_, i) => found?.[`p${i}`] !== true);
  };
  const first = `(SELECT * FROM ${from} LIMIT ${FIRST})`;
  if ((await absentFrom(first)).length === 0) return;
  const [absent] = await absentFrom(from);
  if (absent === undefined) return;
  const keys = `SELECT DISTINCT unnest(json_keys(json)) AS name FROM ${first} WHERE json_type(json) = 'OBJECT'`;
  const found = (await database.rows(`SELECT name FROM (${keys}) ORDER BY name`)).map((row) => String(row['name']));
  throw missingColumn(file, absent.column, absent.from, found);
}

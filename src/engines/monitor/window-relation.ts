/** A window's inputs as a relation, in the types that a batch's columns have: the same rules are checked in both. */
import { type ColumnType, typeName } from '../../domain/definition';
import { sqlType } from '../tables/column-sql';
import { parsed } from '../tables/reading/text-values';
import { column, path, text } from '../tables/sql';

/**
 * @param file a JSON `WindowRow` a line; absent: no rows
 * @returns the inputs' columns; a value of another type is missing
 */
export function windowRelation(file: string | undefined, inputs: Readonly<Record<string, ColumnType>>): string {
  const names = Object.keys(inputs);
  if (file === undefined) {
    const none = names.map((name) => `NULL::${sqlType(inputs[name]!)} AS ${column(name)}`);
    return `(SELECT ${[...none, 'true AS "__there"'].join(', ')} WHERE false)`;
  }
  const pointers = names.map((name) => text(`/inputs/${name}`));
  const values = names.map((name, i) => `${valueOf(`f[${i + 1}]`, inputs[name]!)} AS ${column(name)}`);
  const lines = `read_json_objects(${path(file)}, format = 'newline_delimited', compression = 'uncompressed', hive_partitioning = false)`;
  const read = `SELECT json_extract_string(json, [${pointers.join(', ')}]::VARCHAR[]) AS f FROM ${lines}`;
  return `(SELECT ${[...values, 'true AS "__there"'].join(', ')} FROM (${read}))`;
}

/** Times are in µs, as they are in a record. */
function valueOf(raw: string, type: ColumnType): string {
  if (type === 'timestamp') return `make_timestamp(TRY_CAST(${raw} AS BIGINT))`;
  // A cast would round a decimal, and take a vector of another length.
  if (['decimal', 'vector'].includes(typeName(type))) return parsed({ type }, raw, '.');
  return `TRY_CAST(${raw} AS ${sqlType(type)})`;
}

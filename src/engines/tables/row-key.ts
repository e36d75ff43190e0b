/** What identifies a row, in SQL: the first 16 bytes of the SHA-256 of a JSON array of values, as a UUID. */
import type { ColumnType, SourceDefinition } from '../../domain/definition';
import { typeSql } from './column-sql';
import { column, CONTENT, KEY, UNPARSED } from './sql';

type Keyed = Pick<SourceDefinition, 'columns' | 'key'>;

/** A declared key's, in its declared order. */
export function declaredKey({ columns }: Keyed, key: readonly string[]): string {
  return uuidOf(key.map((name) => jsonValue(name, columns[name]!.type)));
}

/** Takes all declared values, by the code points of the columns' names. */
export function contentOf(source: Keyed, ...further: readonly string[]): string {
  const names = Object.keys(source.columns).sort();
  return uuidOf([...names.map((name) => jsonValue(name, source.columns[name]!.type)), ...further]);
}

/** The same of a row whose values can't all be read: what stands there in their place is a part of it. */
export function contentOrUnparsed(source: Keyed): string {
  const unparsed = contentOf(source, `"${UNPARSED}"`);
  return `CASE WHEN "${UNPARSED}" IS NULL THEN ${contentOf(source)} ELSE ${unparsed} END`;
}

/** Where a content column is empty, it would repeat the key. */
export const SHARD_CONTENT = `coalesce("${CONTENT}", "${KEY}")`;

function uuidOf(values: readonly string[]): string {
  return `row_key(json_array(${values.join(', ')})::VARCHAR)`;
}

/** A value as it stands in such an array. */
export function jsonValue(name: string, type: ColumnType): string {
  return typeSql(type).keyed(column(name));
}

/** What identifies a row, in SQL: the first 16 bytes of the SHA-256 of a JSON array of values, as a UUID. */
import type { ColumnType, SourceDefinition } from '../../domain/definition';
import { typeSql } from './column-sql';
import { column, CONTENT, KEY, UNPARSED } from './sql';

type Keyed = Pick<SourceDefinition, 'columns' | 'key'>;

/** A declared key's, in its declared order. */
export function declaredKey({ columns }: Keyed, key: readonly string[]): string {
  return uuidOf(key.map((name) => jsonValue(name, columns[name]!.type)));
}

/** Of all declared values, by the code points of the columns' names. */
export function contentOf(source: Keyed, ...further: readonly string[]): string {
  const names = Object.keys(source.columns).sort();
  return uuidOf([...names.map((name) => jsonValue(name, source.columns[name]!.type)), ...further]);
}

/** The same of a row whose values can't all be read: what stands there in their place is a part of it. */
export function contentOrUnparsed(source: Keyed): string {
  const unparsed = contentOf(source, `"${UNPARSED}"`);
  return `CASE WHEN "${UNPARSED}" IS NULL THEN ${contentOf(source)} ELSE ${unparsed} END`;
}

/** Without a declared key a row is known by its content, and from the second of equal rows on by its ordinal too. */
export function ordinalKey(source: Keyed, ordinal: string): string {
  return `CASE WHEN ${ordinal} IS NULL OR ${ordinal} = 0 THEN "${CONTENT}" ELSE ${contentOf(source, ordinal)} END`;
}

/** A shard's content column, which is empty where it would repeat the key. */
export const SHARD_CONTENT = `coalesce("${CONTENT}", "${KEY}")`;

function uuidOf(values: readonly string[]): string {
  return `left(sha256(json_array(${values.join(', ')})::VARCHAR), 32)::UUID`;
}

/** A value as it stands in such an array. */
export function jsonValue(name: string, type: ColumnType): string {
  return typeSql(type).keyed(column(name));
}

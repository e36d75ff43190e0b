/** Names and values on their way into SQL: identifiers are checked, everything is quoted. */
import { MlopsError } from '../../domain/errors';
import { COLUMN_NAME } from '../../domain/ids';
import { momentOrDayMs } from '../../domain/moment';

/** Columns that ingest adds to a source's own. The key identifies a row; file (its path) and row number are for people. */
export const KEY = '__key';
/** Hash of the declared values; in a shard NULL where it is the key. */
export const CONTENT = '__content';
export const KNOWN_AT = '__known_at';
export const FILE = '__file';
export const ROW = '__row';
/** Where a row lies among those of its batch: the order of their numbers is that of the rows. */
export const PLACE = '__place';
/** What of a row could not be read, as JSON, while it is staged and in quarantine; NULL where all could. */
export const UNPARSED = '__unparsed';
/** Number of the batch that a row came with: known from its shard. */
export const BATCH = '__batch';

/** `MISSING_TIMESTAMP`, and a missing integer in digests: no literal of it alone fits a BIGINT. */
export const LEAST_BIGINT = '(-9223372036854775807 - 1)';

/** @throws MlopsError MLOPS_NAME_INVALID: a user's column whose name is not an identifier */
export function column(name: string): string {
  if (COLUMN_NAME.test(name)) return `"${name}"`;
  const fix = 'Column names start with a letter, then letters, digits and _, at most 63 in all.';
  throw new MlopsError('MLOPS_NAME_INVALID', 'A column name is not an identifier.', { column: name }, fix);
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

const GLOB = /[*?[\]{}]/;

/** DuckDB would take the path for a pattern of paths. */
export function isPattern(file: string): boolean {
  return GLOB.test(file);
}

/**
 * A file's path as a literal.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: DuckDB would take the path for a pattern of paths
 */
export function path(file: string): string {
  if (!isPattern(file)) return text(file);
  const fix = 'Give it a path without * ? [ ] { }.';
  throw new MlopsError('MLOPS_SOURCE_UNREADABLE', 'The path would be read as a pattern.', { file }, fix);
}

export function paths(files: readonly string[]): string {
  return `[${files.map(path).join(', ')}]`;
}

/** Rows of Parquet files; a folder named `a=b` on their way is no column. */
export function parquet(...files: readonly string[]): string {
  return `read_parquet(${paths(files)}, hive_partitioning = false)`;
}

/** ISO-8601 with zone → a timestamp literal in UTC. The text is the project's own, checked before. */
export function moment(iso: string): string {
  const ms = momentOrDayMs(iso);
  if (ms !== undefined) return `make_timestamp(${BigInt(ms) * 1000n})`;
  throw new MlopsError('MLOPS_DEFINITION_INVALID', 'Not a moment in time.', { text: iso }, 'Write ISO-8601 in UTC.');
}

/** A filter of rows as SQL: the one way from a split to rows. */
import { multiplierOf } from '../../domain/folds';
import { type HashRule, type Part, type PartRows, partOf, type RowFilter, type Split } from '../../domain/split';
import { withDatabase } from './duckdb';
import { liveRows } from './live-rows';
import type { LoadRequest } from './load';
import { jsonValue } from './row-key';
import { column, KNOWN_AT, moment, text } from './sql';

/** Columns that the filter reads, beside event time and `__known_at`. */
export function filterColumns({ hash, fold, column: by }: RowFilter): readonly string[] {
  const named = [hash, fold].flatMap((rule) => Object.keys(rule?.columns ?? {}));
  return [...new Set([...named, ...(by === undefined ? [] : [by.name])])];
}

/** A condition that is true, false or NULL; a filter by event time of a source without one takes no row. */
export function filterSql({ from, to, knownBy, hash, fold, column: by }: RowFilter, eventTime?: string): string {
  const time = eventTime === undefined ? 'NULL::TIMESTAMP' : column(eventTime);
  return [
    'true',
    ...(from === undefined ? [] : [`${time} >= ${moment(from)}`]),
    ...(to === undefined ? [] : [`${time} < ${moment(to)}`]),
    ...(knownBy === undefined ? [] : [`"${KNOWN_AT}" <= ${moment(knownBy)}`]),
    ...(hash === undefined ? [] : placedIn(hash)),
    ...(fold === undefined ? [] : [inFold(fold)]),
    ...(by === undefined ? [] : [valueIn(by)]),
  ].join(' AND ');
}

const ALL = 2 ** 32;

/** Places are compared as they come from the hash, in hexadecimal: of one length, texts are in the numbers' order. */
function placedIn({ seed, columns, from, to }: NonNullable<RowFilter['hash']>): readonly string[] {
  const place = hashOf([seed, ...valuesOf(columns)]);
  const at = (share: number) =>
    text(
      Math.round(share * ALL)
        .toString(16)
        .padStart(8, '0')
    );
  return [...(from > 0 ? [`${place} >= ${at(from)}`] : []), ...(to < 1 ? [`${place} < ${at(to)}`] : [])];
}

/** As `foldOf` of domain/folds.ts does it: 64 bits hold the product of two numbers of 32. */
function inFold({ columns, folds, seed, number, is }: NonNullable<RowFilter['fold']>): string {
  // A text first, where a split has its seed: rows that a split put together are not together here.
  const bits = `CAST('0x' || ${hashOf([text('fold'), ...valuesOf(columns)])} AS UBIGINT)`;
  const place = `(${bits} * ${multiplierOf(seed)}::UBIGINT) % ${ALL}::UBIGINT`;
  return `((${place}) * ${folds}::UBIGINT) // ${ALL}::UBIGINT ${is ? '=' : '<>'} ${number}`;
}

function valuesOf(columns: HashRule['columns']): readonly string[] {
  return Object.keys(columns)
    .sort()
    .map((name) => jsonValue(name, columns[name]!));
}

/** The first 32 bits, in hexadecimal. */
function hashOf(values: readonly (string | number)[]): string {
  return `left(sha256(json_array(${values.join(', ')})::VARCHAR), 8)`;
}

function valueIn(by: NonNullable<RowFilter['column']>): string {
  const value = `${column(by.name)}::VARCHAR`;
  const listed = (values: readonly string[]) => values.map(text).join(', ');
  if ('among' in by) return `${value} IN (${listed(by.among)})`;
  return by.notAmong.length === 0 ? `${value} IS NOT NULL` : `${value} NOT IN (${listed(by.notAmong)})`;
}

/** How many live rows each part takes, and how many none does: each counted on its own. */
export async function partRows(
  { shards, eventTime }: Pick<LoadRequest, 'shards' | 'eventTime'>,
  split: Split,
  folder: string
): Promise<PartRows> {
  const parts: readonly Part[] = ['train', 'validation', 'test'];
  const filters = parts.map((part) => partOf(split, part));
  const taken = filters.map((filter) =>
    filter === undefined ? 'false' : `coalesce(${filterSql(filter, eventTime)}, false)`
  );
  const names = new Set([
    ...filters.flatMap((filter) => filterColumns(filter ?? {})),
    ...(eventTime === undefined ? [] : [eventTime]),
  ]);
  const rows = liveRows(shards, [...[...names].map(column), `"${KNOWN_AT}"`]);
  const counts = [...taken, `NOT (${taken.join(' OR ')})`].map((it, i) => `count(*) FILTER (WHERE ${it}) AS n${i}`);
  const files = [...new Set(shards.flatMap(({ data, removed }) => [data, ...removed]))];
  const [found] = await withDatabase({ files, folder }, (database) =>
    database.rows(`SELECT ${counts.join(', ')} FROM ${rows}`)
  );
  const [train, validation, test, none] = counts.map((_, i) => Number(found![`n${i}`])) as [
    number,
    number,
    number,
    number,
  ];
  return { train, validation, test, none };
}

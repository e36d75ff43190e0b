/**
 * Which rows two snapshots have differently. Rows meet by the declared key, where both have the same one; else by their
 * values in the columns that both have, of equal rows as many as there are.
 */
import type { Database } from '../duckdb';
import { type DataShard, liveRows } from '../live-rows';
import { contentOf, SHARD_CONTENT } from '../row-key';
import { column, CONTENT, KEY, KNOWN_AT } from '../sql';
import { commonColumns, commonKey, type DeclaredColumns, sameColumns } from './schema-changes';

export interface Side extends DeclaredColumns {
  /** Those that can hold a difference. */
  readonly shards: readonly DataShard[];
}

/** `moved`: the same values, known at another moment. */
export const CHANGES = ['added', 'removed', 'changed', 'moved'] as const;
export type Change = (typeof CHANGES)[number];

/** Makes the table `differences`: `key_a`, `key_b` (NULL where the row is not there), `change`. */
export async function compareRowsOf(database: Database, a: Side, b: Side): Promise<void> {
  await database.run(`CREATE TABLE rows_a AS ${comparable(a, b, 'a')}`);
  await database.run(`CREATE TABLE rows_b AS ${comparable(b, a, 'b')}`);
  await database.run(
    `CREATE TABLE differences AS FROM (
       SELECT a.key AS key_a, b.key AS key_b,
         CASE WHEN a.key IS NULL THEN 'added' WHEN b.key IS NULL THEN 'removed'
              WHEN a.content <> b.content THEN 'changed' WHEN a.known IS DISTINCT FROM b.known THEN 'moved' END AS change
       FROM rows_a a FULL JOIN rows_b b USING (id, nth))
     WHERE change IS NOT NULL`
  );
  await database.run('DROP TABLE rows_a');
  await database.run('DROP TABLE rows_b');
}

/** `id` and `nth` say which row of the other side it is, `content` whether it has other values. */
function comparable(side: Side, other: Side, name: 'a' | 'b'): string {
  if (side.shards.length === 0) return NO_ROWS;
  const common = commonColumns(side, other);
  const columns = Object.keys(common);
  const same = sameColumns(side, other);
  const rows = liveRows(side.shards, [`"${KEY}"`, `"${CONTENT}"`, `"${KNOWN_AT}"`, ...columns.map(column)]);
  const values = same ? SHARD_CONTENT : contentOf({ columns: typed(common) });
  const content = columns.length === 0 ? NOTHING_IN_COMMON[name] : values;
  const compared = `SELECT "${KEY}" AS key, ${content} AS content, "${KNOWN_AT}" AS known FROM ${rows}`;
  if (meetByKey(side, other)) return `SELECT *, key AS id, 0 AS nth FROM (${compared})`;
  return `SELECT *, content AS id, row_number() OVER (PARTITION BY content ORDER BY known, key) AS nth FROM (${compared})`;
}

/** Without a declared key a row's key is made of all of its values, and its ordinal among equal rows. */
function meetByKey(a: DeclaredColumns, b: DeclaredColumns): boolean {
  return commonKey(a, b) !== undefined || (a.key === undefined && b.key === undefined && sameColumns(a, b));
}

const NOTHING_IN_COMMON = {
  a: "'00000000-0000-0000-0000-00000000000a'::UUID",
  b: "'00000000-0000-0000-0000-00000000000b'::UUID",
} as const;

const NO_ROWS = `SELECT NULL::UUID AS key, NULL::UUID AS content, NULL::TIMESTAMP AS known, NULL::UUID AS id, 0 AS nth WHERE false`;

function typed(columns: DeclaredColumns['columns']): Parameters<typeof contentOf>[0]['columns'] {
  return Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, { type }]));
}

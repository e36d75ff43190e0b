/** Rows of a table as Parquet shards: the same bytes for the same rows. */
import { join } from 'node:path';
import type { ShardInfo } from '../../domain/records';
import type { Database } from './duckdb';
import { isoOf } from './moments';
import { digestOfFile } from './observe';
import { type RunOptions, runsOf } from './rows-digest';
import { column, CONTENT, FILE, KEY, KNOWN_AT, path, PLACE, ROW } from './sql';

export const PARQUET = 'FORMAT parquet, COMPRESSION zstd';
/** A dictionary of more values than these takes longer to make than all the rest of a file. */
export const LARGE_PARQUET = `${PARQUET}, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 2000`;

export interface ShardOptions extends RunOptions {
  readonly folder: string;
  readonly batch: number;
  /** Number of the first shard: a batch's names go on where its parent's end. */
  readonly firstShard: number;
}

/**
 * Each into the file `<name>.parquet` of the folder.
 * @param table rows in total order, with their `__place`
 */
export async function writeShards(
  database: Database,
  table: string,
  { folder, batch, firstShard, ...options }: ShardOptions
): Promise<readonly ShardInfo[]> {
  const shards: ShardInfo[] = [];
  const own = [...Object.keys(options.columns).map(column), `"${KEY}"`, `"${CONTENT}"`, `"${KNOWN_AT}"`, `"${ROW}"`];
  const kept = [...own, `"${FILE}"::VARCHAR AS "${FILE}"`].join(', ');
  for (const [i, { from, to, rows: count, digest, times }] of (await runsOf(database, table, options)).entries()) {
    const name = `shard-${String(firstShard + i).padStart(5, '0')}`;
    const file = `${name}.parquet`;
    const rows = `${table} WHERE "${PLACE}" BETWEEN ${from} AND ${to}`;
    await database.run(`COPY (SELECT ${kept} FROM ${rows}) TO ${path(join(folder, file))} (${LARGE_PARQUET})`);
    shards.push({
      name,
      batch,
      rows: count,
      digest: await digestOfFile(join(folder, file)),
      rowsDigest: digest,
      ...(times === undefined ? {} : { minEventTime: isoOf(times.first), maxEventTime: isoOf(times.last) }),
    });
  }
  return shards;
}

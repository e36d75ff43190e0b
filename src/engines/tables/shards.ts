/** Rows of a table as Parquet shards: cut by a fixed row count, the same bytes for the same rows. */
import { join } from 'node:path';
import type { ColumnType } from '../../domain/definition';
import type { ShardInfo } from '../../domain/records';
import type { Database } from './duckdb';
import { isoOf } from './moments';
import { digestOfFile } from './observe';
import { rowsDigester } from './rows-digest';
import { column, FILE, KNOWN_AT, path, ROW } from './sql';

export interface ShardFile extends ShardInfo {
  /** Relative to the job's folder. */
  readonly file: string;
  readonly maxKnownAt: string;
}

export const PARQUET = 'FORMAT parquet, COMPRESSION zstd';

export interface ShardOptions {
  readonly folder: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime: string;
  readonly rowsPerShard: number;
  /** Number of the first shard: a batch's names go on where its parent's end. */
  readonly firstShard: number;
}

/** @param table rows in total order, without gaps in `rowid` */
export async function writeShards(
  database: Database,
  table: string,
  rows: number,
  { folder, columns, eventTime, rowsPerShard, firstShard }: ShardOptions
): Promise<readonly ShardFile[]> {
  const cuts = Array.from({ length: Math.ceil(rows / rowsPerShard) }, (_, i) => ({
    from: i * rowsPerShard,
    to: Math.min(rows, (i + 1) * rowsPerShard),
  }));
  if (rows === 0) return [];
  const digester = await rowsDigester(database, table, columns);
  const shards: ShardFile[] = [];
  for (const [i, { from, to }] of cuts.entries()) {
    const name = `shard-${String(firstShard + i).padStart(5, '0')}`;
    const file = `${name}.parquet`;
    const own = `${table} WHERE rowid >= ${from} AND rowid < ${to}`;
    const names = [
      ...Object.keys(columns).map(column),
      `"${FILE}"::VARCHAR AS "${FILE}"`,
      `"${ROW}"`,
      `"${KNOWN_AT}"`,
    ].join(', ');
    await database.run(`COPY (SELECT ${names} FROM ${own} ORDER BY rowid) TO ${path(join(folder, file))} (${PARQUET})`);
    const time = column(eventTime);
    const [bounds] = await database.rows(
      `SELECT min(epoch_us(${time})) AS first, max(epoch_us(${time})) AS last, max(epoch_us("${KNOWN_AT}")) AS known FROM ${own}`
    );
    shards.push({
      name,
      file,
      rows: to - from,
      digest: await digestOfFile(join(folder, file)),
      rowsDigest: await digester.digest(from, to),
      minEventTime: isoOf(bounds!['first'] as bigint),
      maxEventTime: isoOf(bounds!['last'] as bigint),
      maxKnownAt: isoOf(bounds!['known'] as bigint),
    });
  }
  return shards;
}

/** Rows as jobs read them: Parquet, with labels beside. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Split } from '../../../src/domain/split';
import { recordingContext } from './small-run';

export const COLUMNS = { at: 'timestamp', km: 'number', place: 'string', name: 'string', unread: 'integer' } as const;

/**
 * Two shards of 400 rows over 20 days, with labels: who is in P3 is late, mostly.
 * @param rows of a shard
 */
export async function shards(
  label = 'CASE WHEN (i * 7) % 10 < 8 THEN (i % 5 = 3)::INT ELSE (i % 3 = 0)::INT END',
  rows = 400
) {
  const { folder } = recordingContext();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const files = ['a', 'b'].map((name) => ({
    data: join(folder, `${name}.parquet`),
    batch: 0,
    removed: [],
    labels: join(folder, `${name}-labels.parquet`),
  }));
  for (const [n, { data, labels }] of files.entries()) {
    const made = `(SELECT i, md5(i::VARCHAR)::UUID AS __key, '${n}.csv' AS __file, i::BIGINT AS __row FROM range(${n * rows}, ${(n + 1) * rows}) t(i))`;
    const at = `TIMESTAMP '2001-01-01' + INTERVAL (i * 864000 // ${rows}) SECOND`;
    await connection.run(`COPY (SELECT ${at} AS at, 100.0 + i % 90 AS km, 'P' || (i % 5) AS place, 'N' || i AS name, i AS unread, __key, __file, __row,
      ${at} + INTERVAL 1 HOUR AS __known_at FROM ${made} ORDER BY i) TO '${data}'`);
    await connection.run(`COPY (SELECT __key, (${label})::TINYINT AS label FROM ${made} ORDER BY i) TO '${labels}'`);
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

export const SPLIT: Split = {
  by: 'time',
  train: { to: '2001-01-18T00:00:00Z' },
  test: { from: '2001-01-18T00:00:00Z', to: '2001-01-25T00:00:00Z' },
  knownBy: '2001-01-25T00:00:00Z',
};

/** The rows of a snapshot: those of its shards without what later batches removed. Whoever reads rows reads them here. */
import type { SnapshotRows } from '../../domain/records';
import { BATCH, KEY, parquet } from './sql';

export interface DataShard {
  /** Local path. */
  readonly data: string;
  /** Number of the batch that it came with. */
  readonly batch: number;
  /** Local paths of the lists that remove rows of this batch. */
  readonly removed: readonly string[];
}

/** The shards of a snapshot as they lie on this machine, in their order. */
export function dataShards(
  rows: Pick<SnapshotRows, 'shards' | 'removed'> | undefined,
  locals: Readonly<Record<string, string>>
): readonly DataShard[] {
  return (rows?.shards ?? []).map(({ name, batch }) => ({
    data: locals[name]!,
    batch,
    removed: rows!.removed.filter(({ batches }) => batches.includes(batch)).map((list) => locals[list.name]!),
  }));
}

/** A relation of columns of the live rows, in no order. `columns` are quoted; `__batch` may be among them. */
export function liveRows(shards: readonly DataShard[], columns: readonly string[]): string {
  const groups = new Map<number, DataShard[]>();
  for (const shard of shards) groups.set(shard.batch, [...(groups.get(shard.batch) ?? []), shard]);
  const each = [...groups.values()].map((group) => {
    const { batch } = group[0]!;
    const rows = `(SELECT *, ${batch} AS "${BATCH}" FROM ${parquet(...group.map(({ data }) => data))})`;
    return `SELECT ${columns.join(', ')} FROM ${withoutRemoved(rows, group[0]!)}`;
  });
  return `(${each.join(' UNION ALL ')})`;
}

/** @param rows a relation with `__key`, of rows of the shard's batch */
export function withoutRemoved(rows: string, { batch, removed }: Pick<DataShard, 'batch' | 'removed'>): string {
  if (removed.length === 0) return rows;
  return `(FROM ${rows} d ANTI JOIN (SELECT "${KEY}" FROM ${parquet(...removed)} WHERE "${BATCH}" = ${batch}) r
    ON d."${KEY}" = r."${KEY}")`;
}

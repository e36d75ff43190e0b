/** A labeler of the user's own, shard by shard. */
import type { ColumnType } from '../../../domain/definition';
import type { Job } from '../../../domain/job';
import type { Target } from '../../../domain/task';
import { type LabelCounts, type LabelOutput, totalCounts } from '../../../engines/tables/label';
import type { DataShard } from '../../../engines/tables/live-rows';
import { loadColumns } from '../../../engines/tables/load';
import { type GivenLabel, writeLabels } from '../../../engines/tables/write-labels';
import { asUsers, codeOf, type UsedCode } from './code';
import { rowsOf } from './rows';

const BATCH = 10_000;

export interface LabelCodeInput {
  readonly use: UsedCode;
  readonly shards: readonly DataShard[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime?: string;
  readonly task: Target;
}

/** @throws MlopsError as `writeLabels`, `loadColumns`, `codeOf` and `asUsers` do */
export const labelCode: Job<LabelCodeInput, LabelOutput> = async (
  { use, shards, columns, eventTime, task },
  { folder, progress }
) => {
  const labeler = await codeOf('labeler', use);
  const counts: LabelCounts[] = [];
  const written: LabelOutput['shards'][number][] = [];
  for (const [index, shard] of shards.entries()) {
    // Labels stand beside all rows of a shard, also those that are no longer in the snapshot.
    const all = [{ ...shard, removed: [] }];
    const ordered = eventTime === undefined ? {} : { eventTime };
    const { table } = await loadColumns({ shards: all, columns, ...ordered, where: {} }, folder);
    const labels: GivenLabel[] = [];
    for (let from = 0; from < table.rows; from += BATCH) {
      const rows = rowsOf(table, columns, from, Math.min(table.rows, from + BATCH));
      const given = await asUsers(use, async () => {
        const answer: unknown = await labeler.label(rows, use.params);
        if (!Array.isArray(answer)) throw new Error('label() returned no array');
        return answer as GivenLabel[];
      });
      for (const label of given) labels.push(label);
      progress({ done: index, total: shards.length, note: `shard ${index + 1}, row ${from + rows.length}` });
    }
    const found = await writeLabels({ shard, labels, task, folder, file: `labels-${index}.parquet` });
    counts.push(found.counts);
    written.push(found.shard);
  }
  return { shards: written, counts: totalCounts(counts) };
};

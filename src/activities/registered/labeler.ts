/** A labeler of the user's own, shard by shard. */

import type { ColumnType, RegisteredUse } from '../../domain/definition';
import type { LabelOutput } from '../../engines/tables/label';
import { loadColumns } from '../../engines/tables/load';
import { writeLabels } from '../../engines/tables/write-labels';
import { withHeartbeat } from '../step/heartbeat';
import type { ActivityDeps } from '../deps';
import { rowsOf } from './rows';
import { registered, runUserCode } from './user-code';

const BATCH = 10_000;

interface ToLabel {
  readonly shards: readonly string[];
  readonly folder: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly eventTime: string;
}

export async function labelRegistered(
  deps: ActivityDeps,
  use: RegisteredUse,
  { shards, folder, columns, eventTime }: ToLabel
): Promise<LabelOutput> {
  const labeler = registered(deps, 'labeler', use.registered);
  const label = async (data: string): Promise<(0 | 1 | null)[]> => {
    const { table } = await loadColumns({ shards: [{ data }], columns, eventTime, where: {} });
    const labels: (0 | 1 | null)[] = [];
    for (let from = 0; from < table.rows; from += BATCH) {
      const given = await labeler.label(rowsOf(table, columns, from, Math.min(table.rows, from + BATCH)), use.params);
      labels.push(...given);
    }
    return labels;
  };
  return runUserCode(deps, 'labeler', use.registered, () =>
    withHeartbeat(use.registered, async (signal) => {
      const counts = { '0': 0, '1': 0, missing: 0 };
      const written: LabelOutput['shards'][number][] = [];
      for (const [index, data] of shards.entries()) {
        signal.throwIfAborted();
        const found = await writeLabels({ data, labels: await label(data), folder, file: `labels-${index}.parquet` });
        for (const each of ['0', '1', 'missing'] as const) counts[each] += found.counts[each];
        written.push(found.shard);
      }
      return { shards: written, counts };
    })
  );
}

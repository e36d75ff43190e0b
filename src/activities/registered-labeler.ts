/** A labeler of the user's own, shard by shard. */

import type { ColumnType, RegisteredUse } from '../domain/definition';
import { errorCodeOf, MlopsError } from '../domain/errors';
import type { LabelOutput } from '../tables/label';
import { loadColumns } from '../tables/load';
import { writeLabels } from '../tables/write-labels';
import { beating } from './beating';
import type { ActivityDeps } from './deps';
import { rowsOf } from './registered-rows';

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
  const labeler = deps.registered.labelers[use.registered];
  if (labeler === undefined)
    throw new MlopsError(
      'MLOPS_NOT_REGISTERED',
      'This worker knows no such labeler.',
      { labeler: use.registered },
      'Register it in the MlopsPlugin of the worker.'
    );
  const label = async (data: string): Promise<(0 | 1 | null)[]> => {
    const { table } = await loadColumns({ shards: [{ data }], columns, eventTime, where: {} });
    const labels: (0 | 1 | null)[] = [];
    for (let from = 0; from < table.rows; from += BATCH) {
      const given = await labeler.label(rowsOf(table, columns, from, Math.min(table.rows, from + BATCH)), use.params);
      labels.push(...given);
    }
    return labels;
  };
  try {
    return await beating(use.registered, async (signal) => {
      const counts = { '0': 0, '1': 0, missing: 0 };
      const written: LabelOutput['shards'][number][] = [];
      for (const [index, data] of shards.entries()) {
        signal.throwIfAborted();
        const found = await writeLabels({ data, labels: await label(data), folder, file: `labels-${index}.parquet` });
        for (const each of ['0', '1', 'missing'] as const) counts[each] += found.counts[each];
        written.push(found.shard);
      }
      return { shards: written, counts };
    });
  } catch (error) {
    if (errorCodeOf(error) !== undefined) throw error;
    throw new MlopsError(
      'MLOPS_USER_CODE_FAILED',
      `The labeler failed: ${error instanceof Error ? error.message : String(error)}.`,
      { labeler: use.registered, version: labeler.version },
      'Mend it, give it a new version, and retry.',
      { cause: error }
    );
  }
}

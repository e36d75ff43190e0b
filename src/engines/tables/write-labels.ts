/** Labels that user code gave, as a label shard. */
import { MlopsError } from '../../domain/errors';
import { labelReader, labelWords, type Target } from '../../domain/task';
import { type Database, withDatabase } from './duckdb';
import { type LabelCounts, type LabelShard, writeLabelShard } from './label';
import type { DataShard } from './live-rows';
import { FILE, KEY, parquet, ROW } from './sql';

/** As labelers return them: a number, a class's name, or a list of labels' names; null where there is none. */
export type GivenLabel = number | string | readonly string[] | null;

export interface GivenLabels {
  readonly shard: DataShard;
  /** One for each row of the shard, in its order. */
  readonly labels: readonly GivenLabel[];
  readonly task: Target;
  readonly folder: string;
  /** The label shard's file in `folder`. */
  readonly file: string;
}

/** @throws MlopsError MLOPS_LABEL_INVALID: another number of labels than rows, or a label that is none */
export async function writeLabels({
  shard,
  labels,
  task,
  folder,
  file,
}: GivenLabels): Promise<{ readonly shard: LabelShard; readonly counts: LabelCounts }> {
  const { data } = shard;
  return await withDatabase({ files: [data, ...shard.removed], folder }, async (database) => {
    await refuseOthers(database, data, labels, task);
    const [found] = await database.rows(`SELECT count(*) AS n FROM ${parquet(data)}`);
    if (Number(found!['n']) !== labels.length) {
      const where = { shard: data, rows: Number(found!['n']), labels: labels.length };
      throw new MlopsError(
        'MLOPS_LABEL_INVALID',
        'The labeler returned another number of labels than it was given rows.',
        where,
        'Fix the labeler.'
      );
    }
    // Checked numbers as one text: the cheapest way in for one column.
    const labelOf = labelReader(task);
    const texts = labels.map((label) => (label === null ? '' : labelOf(label))).join(' ');
    const given = `SELECT TRY_CAST(unnest(string_split('${texts}', ' ')) AS DOUBLE)::FLOAT AS label`;
    const rows = `SELECT d."${KEY}", l.label FROM ${parquet(data)} d POSITIONAL JOIN (${given}) l`;
    return await writeLabelShard(database, rows, { folder, file, of: shard, task });
  });
}

/** The row is named as its source file has it: the shard's own order says nothing to a person. */
async function refuseOthers(
  database: Database,
  data: string,
  labels: GivenLabels['labels'],
  task: Target
): Promise<void> {
  const labelOf = labelReader(task);
  const at = labels.findIndex((label) => label !== null && labelOf(label) === undefined);
  if (at < 0) return;
  const [row] = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row FROM ${parquet(data)} LIMIT 1 OFFSET ${at}`
  );
  const label = String(labels[at]).slice(0, QUOTED);
  const where = { file: String(row?.['file']), row: Number(row?.['row']), label };
  throw new MlopsError(
    'MLOPS_LABEL_INVALID',
    `A label is not ${labelWords(task)}, and not null.`,
    where,
    'Fix the labeler.'
  );
}

const QUOTED = 80;

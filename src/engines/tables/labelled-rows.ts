/** The live rows with their labels: data and label shards meet by position, and each pair of rows must have one key. */
import { type DataShard, liveRows, withoutRemoved } from './live-rows';
import { KEY, parquet, text } from './sql';

/** `labels` is the local path of the label shard beside a data shard, same rows in the same order. */
export interface LabelledShard extends DataShard {
  readonly labels?: string;
}

/** Beside the columns of a relation of labelled rows: FLOAT, NULL where a row has no label. */
export const LABEL = '__label';

/** @param columns quoted names of columns of the data shards; `__key` is one of them, and `__label` is added where a shard has labels */
export function labelledRows(shards: readonly LabelledShard[], columns: readonly string[]): string {
  if (!shards.some(({ labels }) => labels !== undefined)) return liveRows(shards, columns);
  const each = shards.map(({ data, labels, ...removal }) => {
    const rows = columns.map((name) => `d.${name}`).join(', ');
    if (labels === undefined) {
      const unlabelled = `(SELECT ${rows}, NULL::FLOAT AS "${LABEL}" FROM ${parquet(data)} d)`;
      return `SELECT ${columns.join(', ')}, "${LABEL}" FROM ${withoutRemoved(unlabelled, removal)}`;
    }
    const sameRow = `d."${KEY}" IS NOT DISTINCT FROM l."${KEY}"`;
    const wrong = `error(${text(`${labels} holds labels of other rows than ${data}`)})`;
    const both = `(SELECT ${rows}, CASE WHEN ${sameRow} THEN l.label ELSE ${wrong} END AS "${LABEL}"
      FROM ${parquet(data)} d POSITIONAL JOIN ${parquet(labels)} l)`;
    return `SELECT ${columns.join(', ')}, "${LABEL}" FROM ${withoutRemoved(both, removal)}`;
  });
  return `(${each.join(' UNION ALL ')})`;
}

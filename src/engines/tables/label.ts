/** Labels: beside each data shard a label shard, the same rows in the same order. */
import { join } from 'node:path';
import { type ColumnType, decimalDigits, isDecimalOf, typeName } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Job } from '../../domain/job';
import { momentOrDayMs } from '../../domain/moment';
import type { Digest } from '../../domain/refs';
import { numberSql } from './column-sql';
import { type Database, withDatabase } from './duckdb';
import { withHeartbeat } from './heartbeat';
import { digestOfFile } from './observe';
import { PARQUET } from './shards';
import { type DataShard, withoutRemoved } from './live-rows';
import { column, KEY, moment, parquet, path, text } from './sql';

export interface LabelRule {
  readonly column: string;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
}

export interface LabelInput {
  /** In the snapshot's order. */
  readonly shards: readonly DataShard[];
  readonly rule: LabelRule;
  /** The source's columns. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface LabelShard {
  /** Relative to the job's folder. Columns `__key`, `label` (TINYINT 0 or 1; NULL where there is none). */
  readonly file: string;
  readonly rows: number;
  readonly digest: Digest;
}

/** Of the rows that are in the snapshot: those of each class, and those without one. */
export type LabelCounts = Readonly<Record<'0' | '1' | 'missing', number>>;

export interface LabelOutput {
  /** One for each data shard, in their order. */
  readonly shards: readonly LabelShard[];
  /** One class only is an error of training, not of labeling. */
  readonly counts: LabelCounts;
}

/**
 * The rule labeler; a row whose column is missing gets no label.
 * @throws MlopsError MLOPS_LABEL_INVALID: the rule doesn't fit its column
 */
export const label: Job<LabelInput, LabelOutput> = async (input, context) => {
  const { folder } = context;
  const condition = conditionOf(input.rule, input.columns);
  return await withHeartbeat(context, input.shards.length, (step) =>
    withDatabase(
      { files: input.shards.flatMap(({ data, removed }) => [data, ...removed]), folder },
      async (database) => {
        const shards: LabelShard[] = [];
        const counts = { '0': 0, '1': 0, missing: 0 };
        for (const [i, shard] of input.shards.entries()) {
          step(`shard ${i + 1}`);
          const file = `labels-${String(i).padStart(5, '0')}.parquet`;
          const labels = `SELECT "${KEY}", (${condition})::TINYINT AS label FROM ${parquet(shard.data)}`;
          const found = await writeLabelShard(database, labels, { folder, file, of: shard });
          shards.push(found.shard);
          for (const each of ['0', '1', 'missing'] as const) counts[each] += found.counts[each];
        }
        return { shards, counts };
      }
    )
  );
};

export interface LabelTarget {
  readonly folder: string;
  readonly file: string;
  /** The data shard. */
  readonly of: DataShard;
}

/** @param labels a query of `__key` and `label`, in the data shard's order */
export async function writeLabelShard(
  database: Database,
  labels: string,
  { folder, file, of }: LabelTarget
): Promise<{ readonly shard: LabelShard; readonly counts: LabelCounts }> {
  const target = join(folder, file);
  await database.run(`COPY (${labels}) TO ${path(target)} (${PARQUET})`);
  const [found] = await database.rows(
    `SELECT count(*) FILTER (WHERE label = 0) AS zero, count(*) FILTER (WHERE label = 1) AS one,
       count(*) FILTER (WHERE label IS NULL) AS missing FROM ${withoutRemoved(parquet(target), of)}`
  );
  const counts = { '0': Number(found!['zero']), '1': Number(found!['one']), missing: Number(found!['missing']) };
  const [all] = await database.rows(`SELECT count(*) AS n FROM ${parquet(target)}`);
  return { shard: { file, rows: Number(all!['n']), digest: await digestOfFile(target) }, counts };
}

function conditionOf({ column: name, op, value }: LabelRule, columns: LabelInput['columns']): string {
  const type = columns[name];
  const literal = type === undefined ? undefined : literalOf(type, op, value);
  if (literal !== undefined) return `${column(name)} ${op} ${literal}`;
  const where = { column: name, type, op, value };
  const what = type === undefined ? 'The label rule reads an undeclared column.' : "The rule doesn't fit its column.";
  throw new MlopsError('MLOPS_LABEL_INVALID', what, where, 'Fix the label rule.');
}

function literalOf(type: ColumnType, op: LabelRule['op'], value: LabelRule['value']): string | undefined {
  switch (typeName(type)) {
    case 'decimal':
      return typeof value === 'number' && isDecimalOf({ ...decimalDigits(type), precision: 38 }, value)
        ? numberSql(value, type)
        : undefined;
    case 'integer':
    case 'number':
      return typeof value === 'number' ? numberSql(value, type) : undefined;
    case 'string':
      return typeof value === 'string' ? text(value) : undefined;
    case 'timestamp':
      return typeof value === 'string' && momentOrDayMs(value) !== undefined ? moment(value) : undefined;
    case 'boolean':
      return op === '=' && (value === 'true' || value === 'false') ? value : undefined;
  }
}

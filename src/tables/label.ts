/** The rule labeler: beside each data shard a label shard, the same rows in the same order. */
import { join } from 'node:path';
import type { ColumnType, LabelDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { Job } from '../domain/job';
import type { Digest } from '../domain/refs';
import { type Database, withDatabase } from './duckdb';
import { withHeartbeat } from './heartbeat';
import { digestOfFile } from './observe';
import { PARQUET } from './shards';
import { column, FILE, moment, path, ROW, text } from './sql';

export interface LabelRule {
  readonly column: string;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
}

export interface LabelInput {
  /** Data shards; `file` is a local path. */
  readonly shards: readonly { readonly name: string; readonly file: string }[];
  readonly label: Pick<LabelDefinition, 'name'> & { readonly labeler: { readonly rule: LabelRule } };
  /** The source's columns. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface LabelShard {
  /** `labels-` and the data shard's name. */
  readonly name: string;
  /** Relative to the job's folder. Columns `__file`, `__row`, `label` (TINYINT; NULL where the column is missing). */
  readonly file: string;
  readonly rows: number;
  readonly digest: Digest;
}

export interface LabelOutput {
  readonly shards: readonly LabelShard[];
  /** Rows of each class, and without one. One class only is an error of training, not of labeling. */
  readonly counts: LabelCounts;
}

export type LabelCounts = Readonly<Record<'0' | '1' | 'missing', number>>;

/** @throws MlopsError MLOPS_LABEL_INVALID: the rule doesn't fit its column */
export const label: Job<LabelInput, LabelOutput> = async (input, context) => {
  const { folder } = context;
  const condition = conditionOf(input.label.labeler.rule, input.columns);
  const files = input.shards.map(({ file }) => file);
  return await withHeartbeat(context, input.shards.length, (step) =>
    withDatabase({ files, folder }, async (database) => {
      const shards: LabelShard[] = [];
      const counts = { '0': 0, '1': 0, missing: 0 };
      for (const shard of input.shards) {
        step(shard.name);
        const found = await labelShard(database, shard, condition, folder);
        shards.push(found.shard);
        for (const each of ['0', '1', 'missing'] as const) counts[each] += found.counts[each];
      }
      return { shards, counts };
    })
  );
};

async function labelShard(
  database: Database,
  shard: LabelInput['shards'][number],
  condition: string,
  folder: string
): Promise<{ readonly shard: LabelShard; readonly counts: LabelCounts }> {
  const name = `labels-${shard.name}`;
  const file = `${name}.parquet`;
  const labels = `SELECT "${FILE}", "${ROW}", (${condition})::TINYINT AS label FROM read_parquet(${path(shard.file)})`;
  await database.run(`COPY (${labels}) TO ${path(join(folder, file))} (${PARQUET})`);
  const [found] = await database.rows(
    `SELECT count(*) FILTER (WHERE label = 0) AS zero, count(*) FILTER (WHERE label = 1) AS one,
       count(*) FILTER (WHERE label IS NULL) AS missing FROM read_parquet(${path(join(folder, file))})`
  );
  const counts = { '0': Number(found!['zero']), '1': Number(found!['one']), missing: Number(found!['missing']) };
  const rows = counts['0'] + counts['1'] + counts.missing;
  return { shard: { name, file, rows, digest: await digestOfFile(join(folder, file)) }, counts };
}

function conditionOf({ column: name, op, value }: LabelRule, columns: LabelInput['columns']): string {
  const type = columns[name];
  const literal = type === undefined ? undefined : literalOf(type, op, value);
  if (literal !== undefined) return `${column(name)} ${op} ${literal}`;
  const where = { column: name, type, op, value };
  const what = type === undefined ? 'The label rule reads an undeclared column.' : "The rule doesn't fit its column.";
  throw new MlopsError('MLOPS_LABEL_INVALID', what, where, 'Mend the label rule.');
}

function literalOf(type: ColumnType, op: LabelRule['op'], value: LabelRule['value']): string | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return typeof value === 'number' ? `'${value}'::DOUBLE` : undefined;
    case 'string':
      return typeof value === 'string' ? text(value) : undefined;
    case 'timestamp':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? moment(value) : undefined;
    case 'boolean':
      return op === '=' && (value === 'true' || value === 'false') ? value : undefined;
  }
}

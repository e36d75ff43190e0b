/** Labels: beside each data shard a label shard, the same rows in the same order. */
import { join } from 'node:path';
import { type ColumnType, decimalDigits, isDecimalOf, typeName } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Job } from '../../domain/job';
import { momentOrDayMs } from '../../domain/moment';
import type { Digest } from '../../domain/refs';
import { kindOf, labelWords, type Target, type TaskKind } from '../../domain/task';
import { numberSql } from './column-sql';
import { type Database, withDatabase } from './duckdb';
import { withHeartbeat } from './heartbeat';
import { digestOfFile } from './observe';
import { PARQUET } from './shards';
import { type DataShard, withoutRemoved } from './live-rows';
import { column, FILE, KEY, moment, parquet, path, ROW, text } from './sql';

export interface LabelRule {
  readonly column: string;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
}

/** A rule gives 1 and 0; a column of numbers its values, one of classes their places, and one that lists labels the sum of their 2^place. */
export type BuiltInLabeler =
  | { readonly rule: LabelRule }
  | { readonly column: string; readonly classes?: readonly string[] }
  | { readonly column: string; readonly labels: readonly string[]; readonly separator: string };

export interface LabelInput {
  /** In the snapshot's order. */
  readonly shards: readonly DataShard[];
  readonly labeler: BuiltInLabeler;
  /** The source's columns. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface LabelShard {
  /** Relative to the job's folder. Columns `__key`, `label` (FLOAT; NULL where there is none). */
  readonly file: string;
  readonly rows: number;
  readonly digest: Digest;
}

/** Counts of the snapshot's rows: of 0 and 1 those of each, of classes those of each `class <name>`, of labels of each `label <name>` and those with `no label`, of numbers all that are `labelled`; and those that miss one. */
export type LabelCounts = Readonly<Record<string, number>>;

export interface LabelOutput {
  /** One for each data shard, in their order. */
  readonly shards: readonly LabelShard[];
  /** One class only is an error of training, not of labeling. */
  readonly counts: LabelCounts;
}

/**
 * The labelers of a definition; a row whose column is missing gets no label.
 * @throws MlopsError MLOPS_LABEL_INVALID: the rule doesn't fit its column; a value is not a number that a label can be, or names what is
 * not one of the classes or labels
 */
export const label: Job<LabelInput, LabelOutput> = async (input, context) => {
  const { folder } = context;
  const { labeler, columns } = input;
  const task = targetIn(labeler);
  const value = 'rule' in labeler ? `(${conditionOf(labeler.rule, columns)})` : columnLabel(labeler);
  return await withHeartbeat(context, input.shards.length, (step) =>
    withDatabase(
      { files: input.shards.flatMap(({ data, removed }) => [data, ...removed]), folder },
      async (database) => {
        const shards: LabelShard[] = [];
        const counts: LabelCounts[] = [];
        for (const [i, shard] of input.shards.entries()) {
          step(`shard ${i + 1}`);
          const file = `labels-${String(i).padStart(5, '0')}.parquet`;
          if ('column' in labeler) await refuseUnfit(database, shard.data, labeler);
          const labels = `SELECT "${KEY}", ${value}::FLOAT AS label FROM ${parquet(shard.data)}`;
          const found = await writeLabelShard(database, labels, { folder, file, of: shard, task });
          shards.push(found.shard);
          counts.push(found.counts);
        }
        return { shards, counts: totalCounts(counts) };
      }
    )
  );
};

export interface LabelTarget {
  readonly folder: string;
  readonly file: string;
  /** The data shard. */
  readonly of: DataShard;
  readonly task: Target;
}

/** @param labels a query of `__key` and `label`, in the data shard's order */
export async function writeLabelShard(
  database: Database,
  labels: string,
  { folder, file, of, task }: LabelTarget
): Promise<{ readonly shard: LabelShard; readonly counts: LabelCounts }> {
  const target = join(folder, file);
  const counted = countedRows(task);
  await database.run(`COPY (${labels}) TO ${path(target)} (${PARQUET})`);
  const [found] = await database.rows(
    `SELECT ${counted.map(([, rows], i) => `count(*) FILTER (WHERE ${rows}) AS n${i}`).join(', ')} FROM ${withoutRemoved(parquet(target), of)}`
  );
  const counts = Object.fromEntries(counted.map(([name], i) => [name, Number(found![`n${i}`])]));
  const [all] = await database.rows(`SELECT count(*) AS n FROM ${parquet(target)}`);
  return { shard: { file, rows: Number(all!['n']), digest: await digestOfFile(target) }, counts };
}

function targetIn(labeler: BuiltInLabeler): Target {
  if ('rule' in labeler) return 'binary';
  if ('labels' in labeler) return { labels: labeler.labels };
  return labeler.classes === undefined ? 'number' : { classes: labeler.classes };
}

type ColumnLabeler = Extract<BuiltInLabeler, { readonly column: string }>;

function columnLabel(labeler: ColumnLabeler): string {
  if ('labels' in labeler) return sumSql(labeler);
  return labeler.classes === undefined ? column(labeler.column) : placeSql(labeler.column, labeler.classes);
}

type ListLabeler = Extract<ColumnLabeler, { readonly separator: string }>;

/** The names that a text lists; the empty text, and one of blanks, lists the empty name. */
function namesSql({ column: name, separator }: ListLabeler): string {
  return `list_transform(string_split(${column(name)}::VARCHAR, ${text(separator)}), lambda x: trim(x))`;
}

/** Σ 2^place of the labels that are listed; NULL of a missing value. */
function sumSql(labeler: ListLabeler): string {
  const each = labeler.labels.map(
    (name, place) => `(CASE WHEN list_contains(listed, ${text(name)}) THEN ${2 ** place} ELSE 0 END)`
  );
  return `(SELECT CASE WHEN listed IS NOT NULL THEN ${each.join(' + ')} END FROM (SELECT ${namesSql(labeler)} AS listed))`;
}

/** Whether a text lists what is not one of the labels. */
function listsOthers(labeler: ListLabeler): string {
  const known = `[${['', ...labeler.labels].map(text).join(', ')}]`;
  return `len(list_distinct(list_concat(${known}, ${namesSql(labeler)}))) > ${labeler.labels.length + 1}`;
}

/** A class's place; NULL of a missing value, and of what is not one of the classes. */
function placeSql(name: string, classes: readonly string[]): string {
  return `(nullif(list_position([${classes.map(text).join(', ')}], ${column(name)}::VARCHAR), 0) - 1)`;
}

/** Begins the name under which a class's rows, or those of a label, are counted. */
const CLASS = 'class ';
const LABEL = 'label ';

/** Names of the counts, and which rows each counts. */
function countedRows(task: Target): readonly (readonly [name: string, rows: string])[] {
  const missing = ['missing', 'label IS NULL'] as const;
  if (task === 'number') return [['labelled', 'label IS NOT NULL'], missing];
  if (typeof task === 'object' && 'labels' in task) {
    const each = task.labels.map((name, place) => [`${LABEL}${name}`, `(label::INTEGER >> ${place}) & 1 = 1`] as const);
    return [...each, ['no label', 'label = 0'], missing];
  }
  const names = task === 'binary' ? ['0', '1'] : task.classes.map((name) => `${CLASS}${name}`);
  return [...names.map((name, label) => [name, `label = ${label}`] as const), missing];
}

/** What the labels that were counted so are of. */
export function countedTarget(counts: LabelCounts): Target {
  if ('labelled' in counts) return 'number';
  const after = (begin: string) =>
    Object.keys(counts).flatMap((name) => (name.startsWith(begin) ? [name.slice(begin.length)] : []));
  const [classes, labels] = [after(CLASS), after(LABEL)];
  if (labels.length > 0) return { labels };
  return classes.length === 0 ? 'binary' : { classes };
}

export function totalCounts(counts: readonly LabelCounts[]): LabelCounts {
  const sum: Record<string, number> = {};
  for (const each of counts) for (const [name, rows] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + rows;
  return sum;
}

/** @throws MlopsError MLOPS_LABEL_INVALID, naming the first row whose value is not finite, doesn't fit float32 or names what is not declared */
async function refuseUnfit(database: Database, data: string, labeler: ColumnLabeler): Promise<void> {
  const task = targetIn(labeler);
  const { column: name } = labeler;
  const value = `${column(name)}::${typeof task === 'string' ? 'DOUBLE' : 'VARCHAR'}`;
  const [row] = await database.rows(
    `SELECT "${FILE}"::VARCHAR AS file, "${ROW}" AS row, ${value} AS label FROM ${parquet(data)} WHERE ${isUnfit(labeler)} LIMIT 1`
  );
  if (row === undefined) return;
  const where = {
    file: String(row['file']),
    row: Number(row['row']),
    column: name,
    label: String(row['label']).slice(0, QUOTED),
  };
  const what = `A label is not ${labelWords(task)}.`;
  throw new MlopsError('MLOPS_LABEL_INVALID', what, where, FIXES[kindOf(task)]);
}

function isUnfit(labeler: ColumnLabeler): string {
  if ('labels' in labeler) return listsOthers(labeler);
  const it = column(labeler.column);
  if (labeler.classes !== undefined)
    return `${it} IS NOT NULL AND ${placeSql(labeler.column, labeler.classes)} IS NULL`;
  return `NOT isfinite(${it}::DOUBLE) OR TRY_CAST(${it}::DOUBLE AS FLOAT) IS NULL AND ${it} IS NOT NULL`;
}

const FIXES: Readonly<Record<TaskKind, string>> = {
  binary: 'Fix the value, or leave it out of the file.',
  number: 'Fix the value, or leave it out of the file.',
  classes: 'Fix the value, or put such rows into quarantine by a rule oneOf; other classes are a project of their own.',
  labels: 'Fix the value, or put such rows into quarantine by a rule pattern; other labels are a project of their own.',
};

const QUOTED = 80;

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
    case 'text':
      return typeof value === 'string' ? text(value) : undefined;
    case 'timestamp':
      return typeof value === 'string' && momentOrDayMs(value) !== undefined ? moment(value) : undefined;
    case 'vector':
      return undefined;
    case 'boolean':
      return op === '=' && (value === 'true' || value === 'false') ? value : undefined;
  }
}

/** The live rows of a snapshot as one file that others read, in the order of event time and key. */
import { stat } from 'node:fs/promises';
import { type ColumnType, TYPE_FACTS, typeName } from '../../domain/definition';
import type { Digest } from '../../domain/refs';
import { BETWEEN_LABELS, namesOf, type Target } from '../../domain/task';
import { type Database, withDatabase } from './duckdb';
import { LABEL, type LabelledShard, labelledRows } from './labelled-rows';
import { digestOfFile } from './observe';
import { column, KEY, path, text } from './sql';
import { PARQUET } from './shards';

export const EXPORT_FORMATS = ['parquet', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ToExport {
  /** With labels where these are wanted. */
  readonly shards: readonly LabelledShard[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** What the labels are of: outcomes are written as 1 and 0, classes by their names, labels as a text of the names of those that hold. */
  readonly target?: Target | undefined;
  /** Where there is one. */
  readonly eventTime?: string | undefined;
  /** Adds `__key`. */
  readonly keys: boolean;
  readonly format: ExportFormat;
  /** The file to write, in `folder`. */
  readonly file: string;
  /** Also for what doesn't fit in memory. */
  readonly folder: string;
}

export interface Exported {
  readonly rows: number;
  readonly bytes: number;
  readonly digest: Digest;
  /** The text that stands for a missing value; null where the format has one of its own, and no text stands for it. */
  readonly missing: string | null;
}

/**
 * CSV is UTF-8 with a header, commas, `"` around texts; moments are ISO-8601 in UTC, and a missing value is a text that no row holds.
 * @throws MlopsError MLOPS_OUT_OF_MEMORY
 */
export async function exportRows(input: ToExport): Promise<Exported> {
  const { shards, columns, target, eventTime, keys, format, file, folder } = input;
  const read = shards.flatMap(({ data, labels, removed }) => [
    data,
    ...(labels === undefined ? [] : [labels]),
    ...removed,
  ]);
  return withDatabase({ files: [...new Set(read)], folder }, async (database) => {
    const names = Object.keys(columns).map(column);
    const from = labelledRows(shards, [...names, `"${KEY}"`]);
    const named = target === undefined ? [] : (namesOf(target) ?? []);
    const missing = format === 'csv' ? await missingMark(database, from, columns, named) : null;
    const labelled = shards.some(({ labels }) => labels !== undefined);
    const shown = [
      ...Object.entries(columns).map(([name, type]) => written(name, type, format)),
      ...(keys ? [`"${KEY}"::VARCHAR AS "${KEY}"`] : []),
      ...(labelled ? [`${writtenLabel(target)} AS "${LABEL}"`] : []),
    ];
    const inWords = labelled && named.length > 0 ? [`"${LABEL}"`] : [];
    const texts = [...textsOf(columns), ...(keys ? [`"${KEY}"`] : []), ...inWords];
    const options = missing === null ? PARQUET : csv(missing, texts);
    const order = [...(eventTime === undefined ? [] : [column(eventTime)]), `"${KEY}"`];
    const ordered = `SELECT * FROM ${from} ORDER BY ${order.join(', ')}`;
    await database.run(`COPY (SELECT ${shown.join(', ')} FROM (${ordered})) TO ${path(file)} (${options})`);
    const [counted] = await database.rows(`SELECT count(*) AS n FROM ${from}`);
    const { size } = await stat(file);
    return { rows: Number(counted!['n']), bytes: size, digest: await digestOfFile(file), missing };
  });
}

function written(name: string, type: ColumnType, format: ExportFormat): string {
  const it = column(name);
  return format === 'csv' && type === 'timestamp' ? `strftime(${it}, '%Y-%m-%dT%H:%M:%S.%fZ') AS ${it}` : it;
}

function writtenLabel(target: Target | undefined): string {
  const label = `"${LABEL}"`;
  if (typeof target !== 'object') return target === 'binary' ? `${label}::TINYINT` : label;
  if ('classes' in target) return `([${target.classes.map(text).join(', ')}])[${label}::INTEGER + 1]`;
  const each = target.labels.map(
    (name, place) => `CASE WHEN (${label}::INTEGER >> ${place}) & 1 = 1 THEN ${text(name)} END`
  );
  return `CASE WHEN ${label} IS NOT NULL THEN concat_ws(${text(BETWEEN_LABELS)}, ${each.join(', ')}) END`;
}

function csv(missing: string, quotedAlways: readonly string[]): string {
  const always = quotedAlways.length === 0 ? '' : `, FORCE_QUOTE (${quotedAlways.join(', ')})`;
  return `FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR ${text(missing)}${always}`;
}

function textsOf(columns: ToExport['columns']): readonly string[] {
  return Object.keys(columns)
    .filter((name) => TYPE_FACTS[typeName(columns[name]!)].characters)
    .map(column);
}

/** A reader can't tell a missing value from a text that is written as one, quotes or not: the first mark that no text is. */
async function missingMark(
  database: Database,
  from: string,
  columns: ToExport['columns'],
  named: readonly string[]
): Promise<string> {
  const texts = textsOf(columns);
  for (let i = 0; ; i += 1) {
    const mark = MARKS[i] ?? `missing-${i}`;
    if (named.includes(mark)) continue;
    if (texts.length === 0) return mark;
    const [found] = await database.rows(
      `SELECT count(*) AS n FROM ${from} WHERE ${texts.map((it) => `${it} = ${text(mark)}`).join(' OR ')}`
    );
    if (Number(found!['n']) === 0) return mark;
  }
}

/** Never the empty text: the only field of a line would make it an empty line. */
const MARKS = ['NA', 'NULL', '\\N', '<missing>'];

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ColumnType } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Fact, SnapshotBody } from '../../domain/records';
import type { DataShard } from '../../engines/tables/live-rows';
import type { LabelledShard } from '../../engines/tables/labelled-rows';
import type { Exported, ExportFormat } from '../../engines/tables/export';
import { isPattern } from '../../engines/tables/sql';
import type { Records } from '../../records';
import { withRecords } from '../connect';
import { type AsOfOption, SNAPSHOT_NAMES, snapshotName, withAsOf } from '../named-snapshot';
import { downloaded } from '../snapshot-files';
import { pairs } from '../table';
import { addVerb, answering, type Outcome } from '../verb';
import { type WriteOptions, writeOnce } from '../write-once';

interface ExportOptions extends AsOfOption, WriteOptions {
  readonly out: string;
  readonly format?: ExportFormat;
  readonly with?: 'labels';
  readonly keys?: true;
}

const FORMATS: readonly ExportFormat[] = ['parquet', 'csv'];

export function addExport(program: Command): void {
  const command = addVerb(program, 'export', 'export flights --as-of 2001-02-01 --out flights.parquet')
    .argument('<snapshot>', SNAPSHOT_NAMES)
    .requiredOption('--out <file>', 'the file to write, or a folder, in which it is named after the source')
    .addOption(new Option('--format <format>', "default: by the file's ending, else parquet").choices(FORMATS))
    .addOption(
      new Option(
        '--with <what>',
        'adds the column __label: 1 or 0, the number, or the class that the project predicts; missing where a row has none'
      ).choices(['labels'])
    )
    .option('--keys', 'adds the column __key, which identifies a row in every snapshot')
    .option('--force', 'replaces a file that is there')
    .action(
      answering((name: string, options: ExportOptions) =>
        withRecords((records) => exported(records, snapshotName(name, options), options))
      )
    );
  withAsOf(command);
}

async function exported(records: Records, name: string, options: ExportOptions): Promise<Outcome> {
  const snapshot = await records.snapshot(name);
  const labels = options.with === 'labels' ? await records.labels(name) : undefined;
  const { file, format } = targetOf(options, snapshot.body.source);
  const { exportRows } = await import('../../engines/tables/export.js');
  const { countedTarget } = await import('../../engines/tables/label.js');
  const { columns, eventTime } = snapshot.body;
  const target = labels === undefined ? undefined : countedTarget(labels.body.counts);
  const made = await writeOnce(file, options, async (whole, folder) => {
    const shards = await shardsOf(records, snapshot, labels, folder);
    return exportRows({ shards, columns, target, eventTime, keys: options.keys === true, format, file: whole, folder });
  });
  return outcome(snapshot, labels, { file, format, made });
}

interface Target {
  readonly file: string;
  readonly format: ExportFormat;
}

/** @throws MlopsError MLOPS_USAGE: the format and the file's ending differ, or DuckDB would take the path for a pattern */
function targetOf({ out, format }: ExportOptions, source: string): Target {
  const ending = FORMATS.find((each) => out.toLowerCase().endsWith(`.${each}`));
  if (ending !== undefined && format !== undefined && ending !== format) {
    const fix = 'Leave --format out, or give the file another ending.';
    throw new MlopsError('MLOPS_USAGE', `A file that ends in .${ending} is not ${format}.`, { file: out }, fix);
  }
  const chosen = format ?? ending ?? 'parquet';
  const inFolder =
    statSync(out, { throwIfNoEntry: false })?.isDirectory() === true || (ending === undefined && !/\.\w+$/.test(out));
  const file = inFolder ? join(out, `${source}.${chosen}`) : out;
  if (!isPattern(resolve(file))) return { file, format: chosen };
  throw new MlopsError(
    'MLOPS_USAGE',
    'The path would be read as a pattern.',
    { file },
    'Give it a path without * ? [ ] { }.'
  );
}

async function shardsOf(
  records: Records,
  snapshot: Fact<'snapshot'>,
  labels: Fact<'labelSet'> | undefined,
  folder: string
): Promise<readonly LabelledShard[]> {
  const { dataShards } = await import('../../engines/tables/live-rows.js');
  const { shards, removed } = snapshot.body;
  const names = [...shards, ...removed].map((artifact) => artifact.name);
  const data: readonly DataShard[] = dataShards(snapshot.body, await downloaded(records, snapshot, names, folder));
  if (labels === undefined) return data;
  const beside = labels.body.shards.map((artifact) => artifact.name);
  const locals = await downloaded(records, labels, beside, folder);
  return data.map((shard, i) => ({ ...shard, labels: locals[beside[i]!]! }));
}

function outcome(
  { _id, body }: Fact<'snapshot'>,
  labels: Fact<'labelSet'> | undefined,
  { file, format, made }: Target & { readonly made: Exported }
): Outcome {
  const definition = definitionOf(body, file, format, made.missing);
  const { source, asOf, privacy } = body;
  const { rows, bytes, digest } = made;
  const labelSet = labels?._id;
  return {
    json: {
      file,
      format,
      snapshot: _id,
      source,
      asOf,
      labelSet: labelSet ?? null,
      rows,
      bytes,
      digest,
      privacy,
      definition,
    },
    text: [
      pairs([
        ['written', file],
        ['rows', rows],
        ['bytes', bytes],
        ['digest', digest],
        ['snapshot', _id],
        ['as of', asOf],
        [
          'labels',
          labelSet === undefined ? undefined : `${labelSet}: ${labels?.body.label} v${labels?.body.labelVersion}`,
        ],
        ['private', privacy.length === 0 ? undefined : `the file holds the values of ${privacy.join(', ')}`],
      ]),
      'A definition reads it with these lines of its source, and its own knownAt:',
      linesOf(definition),
    ].join('\n\n'),
  };
}

/** What of a source's definition differs from that of the snapshot's own source. */
interface ReadingDefinition {
  readonly reader: { readonly file: { readonly path: string; readonly format: ExportFormat } };
  readonly missing: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType | { readonly type: ColumnType; readonly privacy: true }>>;
  readonly key?: readonly string[];
  readonly eventTime?: string;
}

function definitionOf(
  { columns, privacy, key, eventTime }: SnapshotBody,
  path: string,
  format: ExportFormat,
  missing: string | null
): ReadingDefinition {
  const declared = Object.entries(columns).map(([name, type]) => [
    name,
    privacy.includes(name) ? { type, privacy: true as const } : type,
  ]);
  return {
    reader: { file: { path, format } },
    missing: missing === null ? [] : [missing],
    columns: Object.fromEntries(declared) as ReadingDefinition['columns'],
    ...(key === undefined ? {} : { key }),
    ...(eventTime === undefined ? {} : { eventTime }),
  };
}

function linesOf(definition: ReadingDefinition): string {
  return Object.entries(definition)
    .map(([name, value]) => `  ${name}: ${typescript(value)},`)
    .join('\n');
}

/** JSON as our own definitions are written. */
function typescript(value: unknown): string {
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(typescript).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${name}: ${typescript(each)}`)
    .join(', ')} }`;
}

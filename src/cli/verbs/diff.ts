import type { Command } from 'commander';
import type { Fact } from '../../domain/records';
import type { ChangedExample, RowExample } from '../../engines/tables/diff/examples';
import type { SnapshotDiff } from '../../engines/tables/diff/diff';
import type { Records } from '../../records';
import { withRecords } from '../connect';
import { SNAPSHOT_NAMES } from '../named-snapshot';
import { parseCount } from '../options';
import { downloaded, withOwnFolder } from '../snapshot-files';
import { type Cell, pairs, table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface DiffOptions {
  readonly examples: number;
}

export function addDiff(program: Command): void {
  addVerb(program, 'diff', 'diff flights@1 flights')
    .argument('<a>', SNAPSHOT_NAMES)
    .argument('<b>', 'the same')
    .option('--examples <count>', 'rows shown of each kind of difference', parseCount, 5)
    .action(
      answering((a: string, b: string, options: DiffOptions) =>
        withRecords(async (records) => {
          const [before, after] = [await records.snapshot(a), await records.snapshot(b)];
          return outcome(before, after, await diffOf(records, before, after, options.examples));
        })
      )
    );
}

async function diffOf(records: Records, a: Fact<'snapshot'>, b: Fact<'snapshot'>, most: number): Promise<SnapshotDiff> {
  const { diffSnapshots } = await import('../../engines/tables/diff/diff.js');
  const { artifactsToRead } = await import('../../engines/tables/diff/unequal-shards.js');
  const read = artifactsToRead(a.body, b.body);
  return withOwnFolder(async (folder) => {
    const of = async (snapshot: Fact<'snapshot'>, names: readonly string[]) => ({
      body: snapshot.body,
      locals: await downloaded(records, snapshot, names, folder),
    });
    return diffSnapshots(await of(a, read.a), await of(b, read.b), { folder, most });
  });
}

function outcome(a: Fact<'snapshot'>, b: Fact<'snapshot'>, diff: SnapshotDiff): Outcome {
  const head = ({ _id, body: { source, asOf, rows } }: Fact<'snapshot'>) => ({ snapshot: _id, source, asOf, rows });
  return { json: { a: head(a), b: head(b), ...diff }, text: diffText(a, b, diff) };
}

export function diffText(
  a: Pick<Fact<'snapshot'>, '_id' | 'body'>,
  b: Pick<Fact<'snapshot'>, '_id' | 'body'>,
  diff: SnapshotDiff
): string {
  const side = ({ _id, body: { source, asOf, rows } }: typeof a): readonly Cell[] => [_id, source, asOf, rows];
  const { rows, by, shards, changedBy } = diff;
  const parts = [
    table(
      ['', 'snapshot', 'source', 'as of', 'rows'],
      [
        ['a', ...side(a)],
        ['b', ...side(b)],
      ]
    ),
    pairs([
      ['rows meet by', by === null ? 'their values' : by.join(', ')],
      ['added', rows.added],
      ['removed', rows.removed],
      ['changed', rows.changed],
      ['known at another moment', rows.moved === 0 ? undefined : rows.moved],
      ['the same', rows.same],
      ['shards', `${count(shards.compared)} compared row by row, ${count(shards.equal)} equal`],
    ]),
    section('Columns', schemaTable(diff)),
    section('Changed rows by column', table(['column', 'rows'], Object.entries(changedBy))),
    section('Changed, for example', changedTable(diff.examples.changed)),
    section('Added, for example', rowTable(diff.examples.added)),
    section('Removed, for example', rowTable(diff.examples.removed)),
    section(
      'Figures of the last batch of each',
      table(
        ['column', 'figure', 'a', 'b'],
        diff.statistics.map((each) => [each.column, each.figure, each.a, each.b])
      )
    ),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

const count = (value: number): string => value.toLocaleString('en-US');

/** Nothing where the table has no row. */
function section(heading: string, text: string): string | undefined {
  return text.includes('\n') ? `${heading}\n${text}` : undefined;
}

function schemaTable({ schema }: SnapshotDiff): string {
  const list = (value: string | readonly string[] | null) =>
    Array.isArray(value) ? value.join(', ') : String(value ?? 'none');
  const rows: Cell[][] = [
    ...Object.entries(schema.added).map(([name, type]) => [name, 'added', type]),
    ...Object.entries(schema.removed).map(([name, type]) => [name, 'removed', type]),
    ...Object.entries(schema.changed).map(([name, { from, to }]) => [name, 'type', `${from} → ${to}`]),
    ...(schema.key === undefined ? [] : [['', 'key', `${list(schema.key.from)} → ${list(schema.key.to)}`]]),
    ...(schema.eventTime === undefined
      ? []
      : [['', 'event time', `${list(schema.eventTime.from)} → ${list(schema.eventTime.to)}`]]),
  ];
  return table(['column', 'what', 'type'], rows);
}

function changedTable(examples: readonly ChangedExample[]): string {
  const rows = examples.flatMap(({ from, row, columns }) =>
    Object.entries(columns).map(([name, change]) => [rowText(row), name, change.from, change.to, from])
  );
  return table(['row', 'column', 'a', 'b', 'in b from'], rows);
}

function rowTable(examples: readonly RowExample[]): string {
  return table(
    ['row', 'from'],
    examples.map(({ row, from }) => [rowText(row), from])
  );
}

/** A row without a key may have a thousand columns. */
const MOST_SHOWN = 6;

function rowText(row: RowExample['row']): string {
  const all = Object.entries(row).map(([name, value]) => `${name} ${value === null ? 'missing' : String(value)}`);
  const cut = all.length > MOST_SHOWN ? [`and ${all.length - MOST_SHOWN} columns more`] : [];
  return [...all.slice(0, MOST_SHOWN), ...cut].join(', ');
}

import type { Command } from 'commander';
import { madeOfSnapshots } from '../../domain/made-of';
import type { Fact, IngestBatch } from '../../domain/records';
import type { Records } from '../../records';
import { withRecords } from '../connect';
import { type AsOfOption, snapshotName, withAsOf } from '../named-snapshot';
import { projectName } from '../options';
import { pairs, table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

export function addAccount(program: Command): void {
  const command = addVerb(program, 'account', 'account flights')
    .argument('<project>', 'name of the project', projectName)
    .action(
      answering((project: string, options: AsOfOption) =>
        withRecords(async (records) => {
          const snapshot = await snapshotOf(records, project, options);
          return accountOutcome(project, snapshot === undefined ? [] : await withSources(records, snapshot));
        })
      )
    );
  withAsOf(command);
}

async function snapshotOf(
  records: Records,
  project: string,
  { asOf }: AsOfOption
): Promise<Fact<'snapshot'> | undefined> {
  return asOf === undefined ? records.newestSnapshot(project) : records.snapshot(snapshotName(project, { asOf }));
}

/** The snapshot, then those that a statement or a join made its rows of. */
async function withSources(records: Records, snapshot: Fact<'snapshot'>): Promise<readonly Fact<'snapshot'>[]> {
  const all = new Map([[snapshot._id, snapshot]]);
  for (const each of all.values()) {
    for (const { id } of madeOfSnapshots(each)) {
      if (all.has(id)) continue;
      const made = await records.find('snapshot', id);
      if (made !== undefined) all.set(id, made);
    }
  }
  return [...all.values()];
}

function accountOutcome(project: string, [snapshot, ...sources]: readonly Fact<'snapshot'>[]): Outcome {
  if (snapshot === undefined)
    return { json: { project }, text: `${project} has no snapshot yet: its first ingest runs.` };
  const accounts = sources.map(accountJson);
  const json = { project, ...accountJson(snapshot), ...(accounts.length === 0 ? {} : { sources: accounts }) };
  return { json, text: [snapshot, ...sources].map(accountText).join('\n\n\n') };
}

function accountJson({ _id, body }: Fact<'snapshot'>): object {
  const { source, asOf, account, files, batches } = body;
  return { snapshot: _id, source, asOf, account, files, batches };
}

const STATE = [
  'source',
  'gone',
  'in snapshot',
  'late',
  'quarantined',
  'replaced',
  'withdrawn',
  'not yet known',
] as const;

export function accountText({ _id, body }: Pick<Fact<'snapshot'>, '_id' | 'body'>): string {
  const { source, asOf, account, files, batches } = body;
  const head = pairs([
    ['snapshot', _id],
    [
      'source',
      `${source}: ${files.length} file${files.length === 1 ? '' : 's'}, ${account.source.toLocaleString('en-US')} rows`,
    ],
    ['as of', asOf],
    ['not yet known', nextKnown(body)],
  ]);
  const after = table(
    ['after batch', 'as of', ...STATE],
    batches.map(({ asOf: then, account: is }, number) => [
      number,
      then,
      ...[is.source, is.gone, is.inSnapshot, is.late],
      ...[is.quarantined, is.replaced, is.withdrawn, is.notYetKnown],
    ])
  );
  const changes = table(
    ['batch', 'added', 'late', 'quarantined', 'replaced', 'withdrawn', 'quarantined by'],
    batches.map((batch, number) => [
      number,
      ...[batch.added, batch.late, batch.quarantined, batch.replaced, batch.withdrawn],
      reasons(batch),
    ])
  );
  return [head, after, changes].join('\n\n');
}

function nextKnown({ account, files }: Fact<'snapshot'>['body']): string | undefined {
  const next = files.flatMap(({ nextKnownAt }) => nextKnownAt ?? []).sort()[0];
  if (next === undefined) return undefined;
  return `${account.notYetKnown.toLocaleString('en-US')} rows, the first of them on ${next}`;
}

function reasons({ reasons: all }: IngestBatch): string {
  return all.map(({ rule, rows }) => `${rule}: ${rows.toLocaleString('en-US')}`).join('; ');
}

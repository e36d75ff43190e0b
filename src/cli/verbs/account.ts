import type { Command } from 'commander';
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
        withRecords(async (records) => accountOutcome(project, await snapshotOf(records, project, options)))
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

function accountOutcome(project: string, snapshot: Fact<'snapshot'> | undefined): Outcome {
  if (snapshot === undefined)
    return { json: { project }, text: `${project} has no snapshot yet: its first ingest runs.` };
  const { source, asOf, account, files, batches } = snapshot.body;
  const json = { project, snapshot: snapshot._id, source, asOf, account, files, batches };
  return { json, text: accountText(snapshot) };
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
    ['source', `${source}: ${files.length} files, ${account.source.toLocaleString('en-US')} rows`],
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

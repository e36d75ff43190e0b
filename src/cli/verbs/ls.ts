import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import type { ListKind, Records } from '../../records';
import { withRecords } from '../connect';
import { listTable } from '../list-columns';
import { count, projectName } from '../options';
import { kindOfList, LIST_WORDS } from '../record-words';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface LsOptions {
  readonly limit: number;
  readonly day?: string;
}

export function addLs(program: Command): void {
  addVerb(program, 'ls', 'Lists records of a kind, the newest last', 'ls versions flights')
    .argument('<kind>', LIST_WORDS.join(', '))
    .argument('[project]', 'only those of this project', projectName)
    .option('--limit <n>', 'at most so many, the newest', count, 100)
    .option('--day <yyyymmdd>', 'of predictions: a day of event time; without it, the days that there are')
    .action(
      answering((kind: string, project: string | undefined, options: LsOptions) =>
        withRecords((records) => list(records, kind, project, options))
      )
    );
}

async function list(records: Records, word: string, project: string | undefined, options: LsOptions): Promise<Outcome> {
  const kind = kindOfList(word);
  if (kind === 'prediction') return predictions(records, project, options);
  if (options.day !== undefined) {
    throw new MlopsError('MLOPS_USAGE', `--day is for predictions, not for ${word}.`, {}, 'Leave it out.');
  }
  const listed = await records.list<ListKind>(kind, { limit: options.limit, ...(project && { project }) });
  const shown = listed.records.length;
  const more = shown < listed.total ? `\n${shown} of ${listed.total}; --limit shows more` : '';
  const text = shown === 0 ? `no ${word}` : `${listTable(kind, listed.records as never)}${more}`;
  return { json: listed.records, text };
}

async function predictions(records: Records, project: string | undefined, { day, limit }: LsOptions): Promise<Outcome> {
  if (project === undefined) {
    throw new MlopsError(
      'MLOPS_USAGE',
      'Predictions are listed by project.',
      {},
      'Say mlops ls predictions <project>.'
    );
  }
  if (day === undefined) {
    const days = await records.predictionDays(project);
    const rows = days.map((one) => [one.day, one.predictions, one.truths]);
    return { json: days, text: days.length === 0 ? 'no predictions' : table(['day', 'predictions', 'truths'], rows) };
  }
  if (!/^\d{8}$/.test(day)) {
    throw new MlopsError(
      'MLOPS_USAGE',
      `${day} is no day.`,
      {},
      'Write it as 20010203: mlops ls predictions lists days.'
    );
  }
  const found = await records.predictions(project, day, limit);
  const header = ['prediction', 'event time', 'version', 'route', 'score', 'decision', 'truth', 'inputs'];
  const rows = found.map((row) => [
    row._id,
    row.eventTime,
    row.version,
    row.route,
    row.score,
    row.decision,
    row.truth?.value,
    JSON.stringify(row.inputs),
  ]);
  return { json: found, text: found.length === 0 ? 'no predictions' : table(header, rows) };
}

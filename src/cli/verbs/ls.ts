import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import { type ListKind, pluralOf, RECORD_KINDS, type Records, recordKind } from '../../records';
import { withRecords } from '../connect';
import { listTable } from '../list-columns';
import { chainName, parseCount } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';
import { numbersOf, type RecordedScore } from '../../domain/scores';

interface LsOptions {
  readonly limit: number;
  readonly day?: string;
  readonly unmatched?: true;
  readonly conflicts?: true;
}

export function addLs(program: Command): void {
  addVerb(program, 'ls', 'ls versions flights')
    .argument('<kind>', [...RECORD_KINDS.map(pluralOf), 'truths'].join(', '))
    .argument('[project]', 'only those of this project', chainName)
    .option('--limit <n>', 'at most so many, the newest', parseCount, 100)
    .option('--day <yyyymmdd>', 'a day of event time of the predictions; without it, the days that have some')
    .option('--unmatched', 'truths kept aside because they match no prediction or contradict one')
    .option('--conflicts', 'predictions kept aside because another one has their id, with other inputs')
    .action(
      answering((kind: string, project: string | undefined, options: LsOptions) => {
        // Before any server is asked: a wrong word is refused even where none answers.
        if (kind !== 'truths') recordKind(kind);
        return withRecords((records) => list(records, kind, project, options));
      })
    );
}

async function list(records: Records, word: string, project: string | undefined, options: LsOptions): Promise<Outcome> {
  if (word === 'truths') return unmatched(records, project, options);
  const kind = recordKind(word);
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

async function predictions(
  records: Records,
  project: string | undefined,
  { day, limit, conflicts }: LsOptions
): Promise<Outcome> {
  if (project === undefined) {
    throw new MlopsError(
      'MLOPS_USAGE',
      'Predictions are listed by project.',
      {},
      'Say mlops ls predictions <project>.'
    );
  }
  if (conflicts === true) return conflicting(records, project, limit);
  if (day === undefined) {
    const days = await records.predictionDays(project, limit);
    const rows = days.map((one) => [one.day, one.predictions, one.truths]);
    return { json: days, text: days.length === 0 ? 'no predictions' : table(['day', 'predictions', 'truths'], rows) };
  }
  if (!/^\d{8}$/.test(day)) {
    throw new MlopsError(
      'MLOPS_USAGE',
      `${day} is not a day.`,
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
    shown(row.score),
    row.decision,
    row.truth?.value,
    JSON.stringify(row.inputs),
  ]);
  return { json: found, text: found.length === 0 ? 'no predictions' : table(header, rows) };
}

async function unmatched(records: Records, project: string | undefined, options: LsOptions): Promise<Outcome> {
  if (project === undefined || options.unmatched === undefined) {
    const fix = 'Say mlops ls truths <project> --unmatched; mlops ls predictions <project> --day … shows the others.';
    throw new MlopsError('MLOPS_USAGE', 'Truths are listed with their predictions.', {}, fix);
  }
  const { records: found, total } = await records.unmatchedTruths(project, options.limit);
  const header = ['prediction', 'revision', 'value', 'known at', 'received', 'why'];
  const rows = found.map((one) => [one.prediction, one.revision, one.value, one.knownAt, one.receivedAt, one.why]);
  const more = found.length < total ? `\n${found.length} of ${total}; --limit shows more` : '';
  return { json: found, text: found.length === 0 ? 'no truth is kept aside' : `${table(header, rows)}${more}` };
}

/** Of classes the probability of the one that was answered: all of them fill no cell. */
function shown(score: RecordedScore): number {
  return Math.max(...numbersOf(score));
}

async function conflicting(records: Records, project: string, limit: number): Promise<Outcome> {
  const { records: found, total } = await records.conflictingPredictions(project, limit);
  const header = ['prediction', 'event time', 'received', 'replica', 'version', 'score', 'inputs'];
  const rows = found.map((one) => [
    one.prediction,
    one.eventTime,
    one.receivedAt,
    one.replica,
    one.version,
    shown(one.score),
    JSON.stringify(one.inputs),
  ]);
  const more = found.length < total ? `\n${found.length} of ${total}; --limit shows more` : '';
  return { json: found, text: found.length === 0 ? 'no prediction is kept aside' : `${table(header, rows)}${more}` };
}

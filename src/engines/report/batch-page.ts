/** The page of a snapshot, made of its record alone: where its rows are, what the last batch changed, expectations, profile. */
import { h, type JSX } from 'preact';
import { quoted } from '../../domain/quote';
import type { IngestBatch, RuleResult, SnapshotBody } from '../../domain/records';
import { columnCard } from './column-card';
import { dataTable, number, type TableCell, text } from './data-table';
import { htmlPage, section } from './page';
import { count, figure, foreign, moment, percent } from './words';

export interface PagedSnapshot {
  readonly id: string;
  readonly body: SnapshotBody;
}

/** The same HTML for the same record. */
export function batchPage({ id, body }: PagedSnapshot): string {
  const { source, asOf, rows } = body;
  return htmlPage(`${quoted(source)} as of ${moment(asOf)}`, [
    h('h1', null, foreign(source), ` as of ${moment(asOf)}`),
    h('p', null, `${count(rows)} rows in ${count(Object.keys(body.columns).length)} columns`),
    h('p', { class: 'quiet id' }, id, body.parent === undefined ? '' : `, grown from ${body.parent.id}`),
    changeSection(body),
    accountSection(body),
    rulesSection(body.validation),
    quarantineSection(body.batches),
    profileSection(body),
    filesSection(body),
  ]);
}

function changeSection({ batches, parent }: SnapshotBody): JSX.Element | null {
  const last = batches.at(-1);
  if (last === undefined) return null;
  const what =
    last.after === null
      ? 'The first batch: all rows are new.'
      : `What changed against the snapshot as of ${moment(last.after)}${parent === undefined ? '' : ', from which this one grew'}.`;
  const cells = [last.added, last.late, last.replaced, last.withdrawn, last.quarantined].map((value) =>
    number(count(value))
  );
  const caption = 'Rows of the last batch';
  return section(
    'change',
    'What the last batch changed',
    h('p', null, what),
    dataTable(
      caption,
      ['as of', 'added', 'of these late', 'replaced', 'withdrawn', 'quarantined'],
      [[{ content: moment(last.asOf) }, ...cells]]
    )
  );
}

function accountSection({ account, batches }: SnapshotBody): JSX.Element {
  const is = account;
  const sum = `${count(is.source)} rows of the source and ${count(is.gone)} that it no longer has = ${count(is.inSnapshot)} in the snapshot (${count(is.late)} of them late) + ${count(is.quarantined)} quarantined + ${count(is.replaced)} replaced + ${count(is.withdrawn)} withdrawn + ${count(is.notYetKnown)} not yet known.`;
  const rows = batches.map(({ asOf, account: then }, i): readonly TableCell[] => [
    { content: String(i) },
    { content: moment(asOf) },
    ...[
      then.source,
      then.gone,
      then.inSnapshot,
      then.late,
      then.quarantined,
      then.replaced,
      then.withdrawn,
      then.notYetKnown,
    ].map((value) => number(count(value))),
  ]);
  const header = [
    'batch',
    'as of',
    'source',
    'gone',
    'in snapshot',
    'late',
    'quarantined',
    'replaced',
    'withdrawn',
    'not yet known',
  ];
  return section('account', 'Where every row is', h('p', null, sum), dataTable('After each batch', header, rows));
}

function rulesSection(validation: readonly RuleResult[]): JSX.Element {
  const failed = validation.filter(({ verdict }) => verdict === 'failed').length;
  const said =
    failed === 0
      ? `All ${count(validation.length)} hold, or had nothing to judge.`
      : `${count(failed)} of ${count(validation.length)} failed.`;
  const header = [
    'expectation',
    'severity',
    'verdict',
    'checked',
    'broken',
    'kept, with 95 % bounds',
    'observed',
    'for example',
  ];
  return section(
    'rules',
    'Expectations',
    h('p', null, said),
    validation.length === 0 ? null : dataTable('Results of the last batch', header, validation.map(ruleRow))
  );
}

function ruleRow(result: RuleResult): readonly TableCell[] {
  const { rule, severity, verdict } = result;
  const head: readonly TableCell[] = [
    { content: foreign(rule) },
    { content: severity },
    { content: verdict, kind: verdictKind(result) },
  ];
  if (!('checked' in result)) {
    const observed = result.observed === undefined ? '' : figure(result.observed);
    const found = result.found === undefined ? '' : foreign(result.found.join(', '));
    return [...head, number(''), number(''), number(''), number(observed), text(found)];
  }
  const { checked, broken, kept, mostly, examples } = result;
  const share = kept === undefined ? '' : `${percent(kept.share)} (${percent(kept.low)} to ${percent(kept.high)})`;
  const asked = mostly === undefined ? '' : `, at least ${percent(mostly)}`;
  return [
    ...head,
    number(count(checked)),
    number(count(broken)),
    number(`${share}${asked}`),
    number(''),
    text(examples.length === 0 ? '' : foreign(examples.join(', '))),
  ];
}

function verdictKind({ verdict, severity }: RuleResult): NonNullable<TableCell['kind']> {
  if (verdict !== 'failed') return verdict === 'passed' ? 'passed' : 'text';
  return severity === 'block' ? 'failed' : 'warned';
}

function quarantineSection(batches: readonly IngestBatch[]): JSX.Element {
  const rows = batches.flatMap(({ asOf, reasons }, i) =>
    reasons.map(({ rule, rows: broken }): readonly TableCell[] => [
      { content: String(i) },
      { content: moment(asOf) },
      number(count(broken)),
      text(foreign(rule)),
    ])
  );
  return section(
    'quarantine',
    'Quarantine by reason',
    rows.length === 0
      ? h('p', null, 'No row was put aside.')
      : dataTable('A row may have several reasons', ['batch', 'as of', 'rows', 'reason'], rows)
  );
}

function profileSection({ profile, privacy }: SnapshotBody): JSX.Element {
  const columns = Object.entries(profile);
  return section(
    'profile',
    'Profile',
    h('p', null, 'Of the last batch that added rows.'),
    h(
      'div',
      { class: 'columns' },
      columns.map(([name, column]) => columnCard(name, column, privacy.includes(name)))
    )
  );
}

/** A source may have thousands. */
const MOST_FILES = 100;

function filesSection({ files }: SnapshotBody): JSX.Element {
  const rows = files
    .slice(0, MOST_FILES)
    .map((file): readonly TableCell[] => [
      { content: foreign(file.path), kind: 'text' },
      number(count(file.bytes)),
      number(count(file.rows)),
      number(count(file.quarantined)),
      number(count(file.notYetKnown)),
      { content: h('span', { class: 'id' }, file.digest.slice(0, 19)) },
    ]);
  const more = files.length > MOST_FILES ? h('p', null, `and ${count(files.length - MOST_FILES)} files more`) : null;
  const header = ['file', 'bytes', 'rows', 'quarantined', 'not yet known', 'digest'];
  return section('files', 'Files of the source', dataTable('As they were observed', header, rows), more);
}

/** Where the candidate is good and where it is not, by columns: what it goes by, declared slices, the worst ones found. */
import { h, type JSX } from 'preact';
import type { ColumnSlice, Evaluation, Interval } from '../../domain/evaluation';
import { TASKS } from '../../domain/task';
import { dataTable, number, type TableCell } from './data-table';
import { intervalCell } from './metrics-table';
import { section } from './page';
import { count, foreign, rounded } from './words';

/** A project may declare columns of many values. */
const MOST = 60;

export function columnSections(evaluation: Evaluation): readonly (JSX.Element | null)[] {
  return [importance(evaluation), declaredSlices(evaluation), worstSlices(evaluation), rowTests(evaluation)];
}

function importance({ importance: all = [], task }: Evaluation): JSX.Element | null {
  if (all.length === 0) return null;
  const rows = all
    .slice(0, MOST)
    .map(({ column, increase, deviation }): readonly TableCell[] => [
      { content: foreign(column) },
      number(rounded(increase)),
      number(rounded(deviation)),
    ]);
  return section(
    'importance',
    'Importance of columns',
    dataTable(
      `How much the ${TASKS[task].words.loss} grows when a column's values are shuffled`,
      ['column', 'increase', 'standard deviation'],
      rows
    )
  );
}

function declaredSlices({ columnSlices = [], task }: Evaluation): JSX.Element | null {
  if (columnSlices.length === 0) return null;
  const { primary } = TASKS[task];
  const has = (of: 'champion' | 'againstChampion') => columnSlices.some((slice) => slice[of] !== undefined);
  const cell = (interval: Interval | undefined) => number(interval === undefined ? '' : intervalCell(interval));
  const of = (slice: ColumnSlice, metrics: 'candidate' | 'champion' | 'againstChampion') =>
    cell(slice[metrics]?.[primary]);
  const rows = columnSlices
    .slice(0, MOST)
    .map((slice): readonly TableCell[] => [
      { content: foreign(`${slice.column} ${slice.value}`) },
      number(count(slice.rows)),
      of(slice, 'candidate'),
      ...(has('champion') ? [of(slice, 'champion'), of(slice, 'againstChampion')] : []),
    ]);
  const header = [
    'slice',
    'rows',
    `candidate's ${primary}`,
    ...(has('champion') ? [`champion's ${primary}`, 'candidate − champion'] : []),
  ];
  const caption = columnSlices.length > MOST ? `The first ${MOST} of ${count(columnSlices.length)}` : 'Each value';
  return section('column-slices', 'Slices by columns', dataTable(caption, header, rows));
}

function worstSlices({ worstSlices: worst = [], task }: Evaluation): JSX.Element | null {
  if (worst.length === 0) return null;
  const { loss } = TASKS[task].words;
  const rows = worst
    .slice(0, MOST)
    .map((slice): readonly TableCell[] => [
      { content: foreign(`${slice.column} ${slice.value}`) },
      number(count(slice.rows)),
      number(rounded(slice.loss)),
      number(rounded(slice.others)),
      number(rounded(slice.pValue)),
    ]);
  return section(
    'worst-slices',
    'Slices with a higher loss',
    dataTable(
      'Found by looking at every column; p-values are corrected for all that were looked at',
      ['slice', 'rows', loss, 'of the others', 'p-value'],
      rows
    )
  );
}

function rowTests({ rowTests: tests }: Evaluation): JSX.Element | null {
  const lines = [
    ...(tests?.mcNemar === undefined
      ? []
      : [
          `McNemar: ${count(tests.mcNemar.candidateAlone)} rows only the candidate decides rightly, ${count(tests.mcNemar.championAlone)} only the champion; p ${rounded(tests.mcNemar.pValue)}.`,
        ]),
    ...(tests?.deLong === undefined
      ? []
      : [
          `DeLong: AUC of candidate − champion ${rounded(tests.deLong.difference)}, standard error ${rounded(tests.deLong.error)}; p ${rounded(tests.deLong.pValue)}.`,
        ]),
  ];
  if (lines.length === 0) return null;
  return section(
    'row-tests',
    'Tests that take rows for independent',
    h(
      'ul',
      null,
      lines.map((line) => h('li', null, line))
    ),
    h('p', { class: 'quiet' }, 'No gate goes by them: rows of one block are not independent.')
  );
}

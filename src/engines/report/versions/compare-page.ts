/** Two versions on a page: what differs, and their curves in one picture each. */
import { h, type JSX } from 'preact';
import type { Chart } from '../charts/chart';
import type { Drawn } from '../charts/draw';
import { taskCharts } from '../charts/evaluation-charts';
import { learningCharts } from '../charts/training-charts';
import { dataTable, number, type TableCell, text } from '../data-table';
import { figures } from '../figure';
import { intervalCell } from '../metrics-table';
import { htmlPage, section } from '../page';
import { count, foreign, rounded } from '../words';
import type { Comparison, Difference } from './compare';

/** Charts that show both; the others are on each one's own page. */
const OF_BOTH = ['roc', 'precision-recall', 'labels', 'calibration', 'residuals'];
const MOST_SLICES = 60;

export function comparisonCharts({ a, b, curves, learning, classes }: Comparison): readonly Chart[] {
  const names = [b, a] as const;
  const ofTask =
    curves.a === undefined || curves.b === undefined || curves.a.task !== curves.b.task
      ? []
      : taskCharts({ candidate: curves.b, champion: curves.a, names }, classes);
  const learned = learningCharts(learning.a, learning.b, names);
  return [...ofTask.filter(({ id }) => OF_BOTH.includes(id)), ...(learned === undefined ? [] : [learned])];
}

export function comparePage(comparison: Comparison, drawn: Drawn): string {
  const { a, b, sameTestRows, metrics, parameters, data, features, code } = comparison;
  const title = `${a} beside ${b}`;
  return htmlPage(title, [
    h('h1', null, foreign(a), ' beside ', foreign(b)),
    h(
      'p',
      { class: sameTestRows ? undefined : 'warned' },
      sameTestRows
        ? 'Both were evaluated on the same rows.'
        : 'They were evaluated on different rows: a difference of metrics may be one of the rows.'
    ),
    metrics.length === 0 ? null : section('metrics', 'Metrics', metricsTable(comparison)),
    section('charts', 'Charts', figures(comparisonCharts(comparison), drawn)),
    differenceSection('parameters', 'Parameters', parameters, comparison),
    differenceSection('data', 'Data', data, comparison),
    differenceSection('features', 'Features', features, comparison),
    differenceSection('code', 'Code and environment', code, comparison),
    slicesSection(comparison),
  ]);
}

function metricsTable({ a, b, metrics }: Comparison): JSX.Element {
  const isPaired = metrics.some(({ paired }) => paired !== undefined);
  const rows = metrics.map((pair): readonly TableCell[] => [
    { content: foreign(pair.metric) },
    number(pair.a === undefined ? '' : intervalCell(pair.a)),
    number(pair.b === undefined ? '' : intervalCell(pair.b)),
    number(rounded(pair.difference)),
    ...(isPaired ? [number(pair.paired === undefined ? '' : intervalCell(pair.paired))] : []),
  ]);
  const header = ['metric', a, b, `${b} − ${a}`, ...(isPaired ? ['paired on the same rows'] : [])];
  return dataTable('Estimates with their intervals', header, rows);
}

function differenceSection(id: string, heading: string, all: readonly Difference[], { a, b }: Comparison): JSX.Element {
  const rows = all.map((one): readonly TableCell[] => [
    { content: foreign(one.what) },
    text(one.a === undefined ? '' : foreign(one.a)),
    text(one.b === undefined ? '' : foreign(one.b)),
  ]);
  return section(
    id,
    heading,
    rows.length === 0 ? h('p', null, 'The same.') : dataTable('What differs', ['', a, b], rows)
  );
}

function slicesSection({ a, b, slices }: Comparison): JSX.Element | null {
  if (slices.length === 0) return null;
  const rows = slices
    .slice(0, MOST_SLICES)
    .map((slice): readonly TableCell[] => [
      { content: foreign(slice.slice) },
      number(slice.rows?.a === undefined ? '' : count(slice.rows.a)),
      number(rounded(slice.a)),
      number(slice.rows?.b === undefined ? '' : count(slice.rows.b)),
      number(rounded(slice.b)),
    ]);
  const caption =
    slices.length > MOST_SLICES ? `The first ${MOST_SLICES} of ${count(slices.length)}` : 'Mean loss of each';
  return section('slices', 'Slices', dataTable(caption, ['slice', `${a}: rows`, 'loss', `${b}: rows`, 'loss'], rows));
}

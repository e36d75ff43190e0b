/** Metrics with their intervals: candidate, champion, and the differences on the same rows. */
import { h, type JSX } from 'preact';
import type { Evaluation, Interval, Metrics } from '../../domain/evaluation';
import { hasInterval } from '../../domain/intervals';
import { dataTable, number, type TableCell } from './data-table';
import { figure, foreign, rounded } from './words';

export function metricsTable(evaluation: Evaluation, names: readonly string[]): JSX.Element {
  const { candidate, champion, baseline, againstBaseline, againstChampion } = evaluation;
  const shown = names.filter((name) => candidate[name] !== undefined);
  const header = [
    'metric',
    'candidate',
    ...(champion === undefined ? [] : ['champion', 'candidate − champion']),
    'baseline',
    'candidate − baseline',
  ];
  const rows = shown.map((name): readonly TableCell[] => [
    { content: foreign(name) },
    of(candidate, name),
    ...(champion === undefined ? [] : [of(champion, name), of(againstChampion, name)]),
    number(rounded(baseline[name])),
    of(againstBaseline, name),
  ]);
  return dataTable('Estimates with their intervals', header, rows);
}

function of(metrics: Metrics | undefined, name: string): TableCell {
  const interval = metrics?.[name];
  return number(interval === undefined ? '' : intervalCell(interval));
}

export function intervalCell(interval: Interval): JSX.Element {
  return h(
    'span',
    null,
    rounded(interval.estimate),
    hasInterval(interval)
      ? h('span', { class: 'quiet' }, ` (${rounded(interval.low)} to ${rounded(interval.high)})`)
      : null
  );
}

/** How the intervals were made: they all are made alike. */
export function intervalNote({ candidate, blocksOf }: Evaluation): string {
  const methods = [
    ...new Set(
      Object.values(candidate)
        .filter(hasInterval)
        .map(({ method }) => method)
    ),
  ];
  const [first] = Object.values(candidate).filter(hasInterval);
  if (first === undefined) return 'There are too few blocks of rows for intervals.';
  return `Intervals of ${figure(first.confidence * 100)} % by ${figure(first.blocks)} blocks (${blocksOf}): ${methods.join(', ')}. The baseline predicts the training rows' mean, or each class's share, for every row.`;
}

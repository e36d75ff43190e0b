/** What the threshold decides, in rows. */
import type { JSX } from 'preact';
import type { ConfusionCounts } from '../../domain/curves';
import { dataTable, number, type TableCell } from './data-table';
import { count, figure } from './words';

export function confusionTable(candidate: ConfusionCounts, champion: ConfusionCounts | undefined): JSX.Element {
  const rows = [
    ['candidate', candidate] as const,
    ...(champion === undefined ? [] : [['champion', champion] as const]),
  ].map(([model, of]): readonly TableCell[] => [
    { content: model },
    ...[of.truePositives, of.falsePositives, of.falseNegatives, of.trueNegatives].map((rows) => number(count(rows))),
  ]);
  return dataTable(
    `Confusion: from ${figure(candidate.decisionThreshold)} on a row is taken for positive`,
    ['', 'true positives', 'false positives', 'false negatives', 'true negatives'],
    rows
  );
}

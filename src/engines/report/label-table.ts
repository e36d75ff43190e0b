/** Each label by itself: how frequent it is, and how well it is found. */
import type { JSX } from 'preact';
import type { LabelsCurves } from '../../domain/curves';
import type { Evaluation } from '../../domain/evaluation';
import { dataTable, number, type TableCell } from './data-table';
import { count, figure, foreign, percent, rounded } from './words';

const EACH = ['auc', 'logLoss', 'precision', 'recall', 'f1'] as const;

export function labelTable({ classes = [], candidate, rows }: Evaluation, { confusion }: LabelsCurves): JSX.Element {
  const each = classes.map(({ name, meanTruth, meanPrediction }, place): readonly TableCell[] => [
    { content: foreign(name) },
    number(count(Math.round(meanTruth * rows))),
    number(percent(meanTruth)),
    number(percent(meanPrediction)),
    number(count(confusion[place]?.falsePositives ?? 0)),
    number(count(confusion[place]?.falseNegatives ?? 0)),
    ...EACH.map((metric) => number(rounded(candidate[`${metric}:${name}`]?.estimate))),
  ]);
  return dataTable(
    `Each label: from ${figure(confusion[0]?.decisionThreshold)} on one is decided to hold`,
    ['label', 'rows', 'rate', 'mean probability', 'false positives', 'false negatives', ...EACH],
    each
  );
}

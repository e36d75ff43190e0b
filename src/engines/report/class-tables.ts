/** Each class by itself, and which is taken for which. */
import type { JSX } from 'preact';
import type { ClassesCurves } from '../../domain/curves';
import type { Evaluation } from '../../domain/evaluation';
import { dataTable, number, type TableCell } from './data-table';
import { count, foreign, percent, rounded } from './words';

/** Of more classes the most frequent ones are shown. */
const MOST_CLASSES = 50;
const MOST_PAIRS = 20;
const EACH = ['precision', 'recall', 'f1'] as const;

export function classTables(evaluation: Evaluation, { confusion }: ClassesCurves): readonly JSX.Element[] {
  const { classes = [], candidate, rows } = evaluation;
  const shown = classes.length <= MOST_CLASSES ? classes : classes.toSorted((a, b) => b.meanTruth - a.meanTruth);
  const each = shown
    .slice(0, MOST_CLASSES)
    .map(({ name, meanTruth, meanPrediction }): readonly TableCell[] => [
      { content: foreign(name) },
      number(count(Math.round(meanTruth * rows))),
      number(percent(meanTruth)),
      number(percent(meanPrediction)),
      ...EACH.map((metric) => number(rounded(candidate[`${metric}:${name}`]?.estimate))),
    ]);
  const pairs = confusion
    .filter(({ actual, predicted }) => actual !== predicted)
    .slice(0, MOST_PAIRS)
    .map(({ actual, predicted, rows: taken }): readonly TableCell[] => [
      { content: foreign(classes[actual]?.name ?? '') },
      { content: foreign(classes[predicted]?.name ?? '') },
      number(count(taken)),
    ]);
  const caption =
    classes.length <= MOST_CLASSES
      ? 'Each class'
      : `The ${MOST_CLASSES} most frequent of ${count(classes.length)} classes`;
  return [
    dataTable(caption, ['class', 'rows', 'rate', 'mean probability', ...EACH], each),
    ...(pairs.length === 0
      ? []
      : [dataTable('Taken for another class most often', ['actual', 'predicted', 'rows'], pairs)]),
  ];
}

/** Of several classes: which is taken for which, and what a probability means. */
import type { ClassesCurves } from '../../../domain/curves';
import { calibrationChart } from './calibration-chart';
import { type Both, type Chart, shortNames, spec } from './chart';

/** More are not read in a square as wide as a phone: a table names the pairs then. */
export const MOST_DRAWN = 20;

/** @param classes of the objective, in its order */
export function classesCharts(curves: Both<ClassesCurves>, classes: readonly string[]): readonly Chart[] {
  const names = shortNames(classes, 24);
  const confusion = names.length > MOST_DRAWN ? [] : [confusionChart(curves.candidate, names)];
  return [...confusion, calibrationChart(curves, 'classes')];
}

function confusionChart({ confusion }: ClassesCurves, names: readonly string[]): Chart {
  const actual = names.map((_, place) =>
    confusion.reduce((sum, cell) => sum + (cell.actual === place ? cell.rows : 0), 0)
  );
  const values = confusion.map((cell) => ({
    actual: names[cell.actual]!,
    predicted: names[cell.predicted]!,
    rows: cell.rows,
    share: Number((cell.rows / actual[cell.actual]!).toFixed(4)),
  }));
  const isRead = names.length <= 8;
  const axis = { labelLimit: 80 };
  const encoding = {
    x: {
      field: 'predicted',
      type: 'nominal',
      title: 'predicted',
      scale: { domain: names },
      axis: { ...axis, labelAngle: names.length > 4 ? -45 : 0 },
    },
    y: { field: 'actual', type: 'nominal', title: 'actual', scale: { domain: names }, axis },
  };
  return {
    id: 'confusion',
    title: 'Confusion',
    about:
      'Rows of each class by the class that the candidate takes them for; a row of the square is shaded by its shares.',
    spec: spec(values, {
      layer: [
        {
          mark: { type: 'rect' },
          encoding: {
            ...encoding,
            opacity: {
              field: 'share',
              type: 'quantitative',
              scale: { domain: [0, 1], range: [0.04, 0.7] },
              legend: null,
            },
          },
        },
        ...(isRead
          ? [
              {
                mark: { type: 'text' },
                encoding: { ...encoding, text: { field: 'rows', type: 'quantitative', format: ',' } },
              },
            ]
          : []),
      ],
    }),
  };
}

/** Of several labels: how well each is found, and what a probability means. */
import type { ConfusionCounts, LabelsCurves } from '../../../domain/curves';
import { f1 } from '../../stats/decisions';
import { calibrationChart } from './calibration-chart';
import { type Both, bothRows, type Chart, share, shortNames, spec } from './chart';

/** More names are not read one below the other: the table has them. */
const MOST_DRAWN = 12;

/** @param labels of the objective, in its order */
export function labelsCharts(curves: Both<LabelsCurves>, labels: readonly string[]): readonly Chart[] {
  const found = labels.length > MOST_DRAWN ? [] : [foundChart(curves, shortNames(labels, 18))];
  return [...found, calibrationChart(curves, 'labels')];
}

function foundChart(curves: Both<LabelsCurves>, names: readonly string[]): Chart {
  const { names: models = ['candidate', 'champion'] } = curves;
  const model = { field: 'model', type: 'nominal', scale: { domain: models } };
  const values = bothRows(curves, ({ confusion }) =>
    confusion.flatMap((counts, place) => {
      const value = f1Of(counts);
      return Number.isNaN(value) ? [] : [{ label: names[place] ?? '', f1: Number(value.toFixed(4)) }];
    })
  );
  return {
    id: 'labels',
    title: 'Each label',
    about: 'F1 of each label at the decision threshold: the harmonic mean of precision and recall.',
    spec: spec(values, {
      mark: { type: 'point', filled: true, size: 60 },
      encoding: {
        y: { field: 'label', type: 'nominal', title: null, scale: { domain: names }, axis: { labelLimit: 150 } },
        x: share('f1', 'F1'),
        color: { ...model, legend: { title: null, orient: 'top' } },
        shape: { ...model, legend: { title: null, orient: 'top' } },
      },
    }),
  };
}

function f1Of({ truePositives, falsePositives, falseNegatives, trueNegatives }: ConfusionCounts): number {
  return f1({
    truePositive: truePositives,
    falsePositive: falsePositives,
    falseNegative: falseNegatives,
    trueNegative: trueNegatives,
  });
}

/** Of a number: how far predictions are off, and where. */
import type { NumberCurves } from '../../../domain/curves';
import { round } from './binary-charts';
import { calibrationChart } from './calibration-chart';
import { type Both, bothRows, byModel, type Chart, diagonal, quantitative, spec } from './chart';

export function numberCharts(curves: Both<NumberCurves>): readonly Chart[] {
  return [predictedAgainstActual(curves.candidate), residuals(curves), calibrationChart(curves, 'number')];
}

function predictedAgainstActual({ grid }: NumberCurves): Chart {
  const { from, to, size, cells, outside } = grid;
  const width = (to - from) / size;
  const end = (bin: number) => round(from + bin * width);
  const values = cells.map(({ prediction, truth, rows }) => ({
    predictionFrom: end(prediction),
    predictionTo: end(prediction + 1),
    truthFrom: end(truth),
    truthTo: end(truth + 1),
    rows,
  }));
  const axis = (field: string, title: string) =>
    quantitative(field, title, {
      scale: { domain: [from, to] },
      axis: { tickCount: 5 },
    });
  return {
    id: 'predicted-actual',
    title: 'Predicted against actual',
    about: `Rows by the candidate's prediction and the truth${outside === 0 ? '' : `; ${outside} rows are farther out`}.`,
    spec: spec(values, {
      layer: [
        {
          mark: { type: 'rect' },
          encoding: {
            x: axis('predictionFrom', 'prediction'),
            x2: { field: 'predictionTo' },
            y: axis('truthFrom', 'truth'),
            y2: { field: 'truthTo' },
            opacity: {
              field: 'rows',
              type: 'quantitative',
              // A few cells have most rows: by the root the others are seen, too.
              scale: { type: 'sqrt', range: [0.08, 1] },
              legend: null,
            },
          },
        },
        diagonal(from, to, 'predictionFrom', 'truthFrom'),
      ],
    }),
  };
}

function residuals(curves: Both<NumberCurves>): Chart {
  const { below, above } = curves.candidate.residuals;
  return {
    id: 'residuals',
    title: 'Residuals',
    about: `Rows by prediction − truth${below + above === 0 ? '' : `; of the candidate's, ${below} are below and ${above} above what is drawn`}.`,
    spec: spec(
      bothRows(curves, ({ residuals: { from, to, counts } }) => {
        const width = (to - from) / counts.length;
        return counts.map((rows, bin) => ({ residual: round(from + (bin + 0.5) * width), rows }));
      }),
      {
        mark: { type: 'line', interpolate: 'step' },
        encoding: {
          x: quantitative('residual', 'prediction − truth', {
            scale: { zero: false, nice: false },
            axis: { tickCount: 5 },
          }),
          y: { field: 'rows', type: 'quantitative', title: 'rows' },
          ...byModel(curves),
        },
      }
    ),
  };
}

/** Of one of two outcomes: how well scores order rows, what they mean, and what the threshold decides. */
import type { BinaryCurves, ScoreThreshold } from '../../../domain/curves';
import { calibrationChart } from './calibration-chart';
import { type Both, bothRows, byModel, type Chart, diagonal, type Row, share, spec } from './chart';

export function binaryCharts(curves: Both<BinaryCurves>): readonly Chart[] {
  return [roc(curves), precisionRecall(curves), calibrationChart(curves, 'binary'), scoreHistogram(curves.candidate)];
}

function roc(curves: Both<BinaryCurves>): Chart {
  return {
    id: 'roc',
    title: 'ROC',
    about:
      'Of the positive rows the share that is found, by the share of the negative rows that is taken for positive.',
    spec: spec(bothRows(curves, rocRows), {
      layer: [
        diagonal(0, 1, 'falsePositiveRate', 'truePositiveRate'),
        {
          mark: { type: 'line', interpolate: 'linear' },
          encoding: {
            x: share('falsePositiveRate', 'false positive rate'),
            y: share('truePositiveRate', 'true positive rate'),
            order: { field: 'order', type: 'quantitative' },
            ...byModel(curves),
          },
        },
      ],
    }),
  };
}

/** From (0, 0), no row taken. */
function rocRows({ thresholds }: BinaryCurves): readonly Row[] {
  const all = thresholds.at(-1);
  const points = thresholds.map(({ positives, negatives }, i) => ({
    order: i + 1,
    falsePositiveRate: ratio(negatives, all?.negatives),
    truePositiveRate: ratio(positives, all?.positives),
  }));
  return [{ order: 0, falsePositiveRate: 0, truePositiveRate: 0 }, ...points];
}

function precisionRecall(curves: Both<BinaryCurves>): Chart {
  const rate = rateOf(curves.candidate.thresholds);
  return {
    id: 'precision-recall',
    title: 'Precision and recall',
    about: `Of the rows that are taken for positive the share that is, by the share of the positive rows that is found; taking all rows gives ${round(rate)}.`,
    spec: spec(bothRows(curves, precisionRows), {
      layer: [
        {
          data: { values: [{ rate }] },
          mark: { type: 'rule', strokeWidth: 1, style: 'guide' },
          encoding: { y: { field: 'rate', type: 'quantitative' } },
        },
        {
          mark: { type: 'line', interpolate: 'linear' },
          encoding: {
            x: share('recall', 'recall'),
            y: share('precision', 'precision'),
            order: { field: 'order', type: 'quantitative' },
            ...byModel(curves),
          },
        },
      ],
    }),
  };
}

function precisionRows({ thresholds }: BinaryCurves): readonly Row[] {
  const all = thresholds.at(-1);
  return thresholds.map(({ positives, negatives }, order) => ({
    order,
    recall: ratio(positives, all?.positives),
    precision: ratio(positives, positives + negatives),
  }));
}

function scoreHistogram({ histogram, confusion }: BinaryCurves): Chart {
  const width = 1 / histogram.positives.length;
  const rows = (label: string, counts: readonly number[]): readonly Row[] =>
    counts.map((count, bin) => ({ label, from: round(bin * width), to: round((bin + 1) * width), rows: count }));
  return {
    id: 'scores',
    title: 'Scores',
    about: `Rows by the candidate's score, of either label; from ${confusion.decisionThreshold} on a row is taken for positive.`,
    spec: spec([...rows('0', histogram.negatives), ...rows('1', histogram.positives)], {
      layer: [
        {
          mark: { type: 'bar', binSpacing: 1 },
          encoding: {
            x: {
              field: 'from',
              bin: { binned: true, step: width },
              type: 'quantitative',
              title: 'score',
              scale: { domain: [0, 1] },
              axis: { tickCount: 5 },
            },
            x2: { field: 'to' },
            y: { field: 'rows', type: 'quantitative', title: 'rows' },
            color: {
              field: 'label',
              type: 'nominal',
              scale: { domain: ['0', '1'] },
              legend: { title: 'label', orient: 'top' },
            },
          },
        },
        {
          data: { values: [{ threshold: confusion.decisionThreshold }] },
          mark: { type: 'rule', strokeWidth: 1, style: 'guide' },
          encoding: { x: { field: 'threshold', type: 'quantitative' } },
        },
      ],
    }),
  };
}

function rateOf(thresholds: readonly ScoreThreshold[]): number {
  const { positives, negatives } = thresholds.at(-1) ?? { positives: 0, negatives: 0 };
  return ratio(positives, positives + negatives);
}

/** Of none a share is shown as none. */
function ratio(part: number, whole: number | undefined): number {
  return whole === undefined || whole === 0 ? 0 : part / whole;
}

/** Without the digits that a sum of floats leaves. */
export function round(value: number): number {
  return Number(value.toPrecision(6));
}

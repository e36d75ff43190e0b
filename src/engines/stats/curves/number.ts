import type { Grid, Histogram, NumberCurves } from '../../../domain/curves';
import { calibrationBins } from '../calibration';

const RESIDUAL_BINS = 40;
const GRID_SIZE = 24;
/** On either side: what is farther out is counted, so that one outlier doesn't press all others into one bin. */
const TAIL = 0.005;

export function numberCurves(scores: Float32Array, labels: Float32Array): NumberCurves {
  return {
    task: 'number',
    residuals: histogramOf(Float64Array.from(scores, (score, row) => score - labels[row]!)),
    grid: gridOf(scores, labels),
    calibration: calibrationBins(scores, labels),
  };
}

function histogramOf(values: Float64Array): Histogram {
  const { from, to } = rangeOf([values]);
  const counts = new Array<number>(RESIDUAL_BINS).fill(0);
  let [below, above] = [0, 0];
  for (const value of values) {
    if (value < from) below += 1;
    else if (value > to) above += 1;
    else counts[binOf(value, { from, to }, RESIDUAL_BINS)]! += 1;
  }
  return { from, to, counts, below, above };
}

function gridOf(scores: Float32Array, labels: Float32Array): Grid {
  const range = rangeOf([Float64Array.from(scores), Float64Array.from(labels)]);
  const counts = new Float64Array(GRID_SIZE * GRID_SIZE);
  const isOutside = (value: number) => value < range.from || value > range.to;
  let outside = 0;
  scores.forEach((score, row) => {
    const label = labels[row]!;
    if (isOutside(score) || isOutside(label)) outside += 1;
    else counts[binOf(score, range, GRID_SIZE) * GRID_SIZE + binOf(label, range, GRID_SIZE)]! += 1;
  });
  const cells = Array.from(counts, (rows, at) => ({
    prediction: Math.floor(at / GRID_SIZE),
    truth: at % GRID_SIZE,
    rows,
  })).filter(({ rows }) => rows > 0);
  return { ...range, size: GRID_SIZE, cells, outside };
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Of all of them; never empty. */
function rangeOf(all: readonly Float64Array[]): Range {
  const ends = all.map((values) => {
    const sorted = values.toSorted();
    const tail = Math.floor(sorted.length * TAIL);
    return { from: sorted[tail]!, to: sorted[sorted.length - 1 - tail]! };
  });
  const [from, to] = [Math.min(...ends.map((end) => end.from)), Math.max(...ends.map((end) => end.to))];
  if (from < to) return { from, to };
  const half = Math.abs(from) / 100 || 1;
  return { from: from - half, to: to + half };
}

function binOf(value: number, { from, to }: Range, bins: number): number {
  return Math.min(bins - 1, Math.floor(((value - from) / (to - from)) * bins));
}

/** A number in the label's unit: no decision, and its bias is held against how far labels lie from their mean. */
import type { METRICS } from '../../../domain/metrics';
import { type Blocks, blockCounts, blockSums, total } from '../blocks';
import { numberCurves } from '../curves/number';
import { defined, jackknifed, type Measured } from '../measure';
import type { Loss, TaskStatistics } from './task';

/** Of one row, in the label's unit. */
export const ABSOLUTE_ERROR: Loss = { metric: 'mae', of: (scores, at, label) => Math.abs(scores[at]! - label) };

export const number: TaskStatistics = {
  kind: 'number',
  target: 'number',
  loss: ABSOLUTE_ERROR,
  // Without a baseline nothing is known of the labels' spread: the interval alone says whether there is a bias.
  biasFloor: (floor, baseline) => floor * (baseline?.deviations[0] ?? 0),
  watched: ({ values }) => ({ kind: 'number', values }),
  curves: ({ values }, labels) => numberCurves(values, labels),
  measure({ values: scores }, labels, blocks) {
    const counts = blockCounts(blocks);
    const squares = blockSums(blocks, (row) => (scores[row]! - labels[row]!) ** 2);
    const all: Record<(typeof METRICS.number)[number], Measured> = {
      rmse: leaveOneOut([squares, counts], ([sum, rows]) => Math.sqrt(sum! / rows!)),
      mae: { kind: 'mean', sums: blockSums(blocks, (row) => ABSOLUTE_ERROR.of(scores, row, labels[row]!)) },
      r2: explained(squares, counts, labels, blocks),
      mape: {
        kind: 'mean',
        sums: blockSums(blocks, (row) => ABSOLUTE_ERROR.of(scores, row, labels[row]!) / Math.abs(labels[row]!)),
      },
      meanError: { kind: 'mean', sums: blockSums(blocks, (row) => scores[row]! - labels[row]!) },
    };
    return defined(new Map(Object.entries(all)), blocks);
  },
};

/** Squared distances by sums of distances from the mean of all labels: their own squares would cancel where that is large. */
function explained(squares: Float64Array, counts: Float64Array, labels: Float32Array, blocks: Blocks): Measured {
  const mean = total(blockSums(blocks, (row) => labels[row]!)) / labels.length;
  const distances = blockSums(blocks, (row) => labels[row]! - mean);
  const squared = blockSums(blocks, (row) => (labels[row]! - mean) ** 2);
  return leaveOneOut(
    [squares, squared, distances, counts],
    ([errors, spread, sum, rows]) => 1 - errors! / (spread! - sum! ** 2 / rows!)
  );
}

/** A statistic of sums over all rows, and over those without each block. */
function leaveOneOut(sums: readonly Float64Array[], statistic: (sums: readonly number[]) => number): Measured {
  const all = sums.map(total);
  return jackknifed({
    estimate: statistic(all),
    without: Float64Array.from(sums[0]!, (_, block) => statistic(all.map((sum, i) => sum - sums[i]![block]!))),
  });
}

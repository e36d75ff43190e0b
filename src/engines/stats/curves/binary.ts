import type { BinaryCurves, ConfusionCounts, ScoreThreshold } from '../../../domain/curves';
import { calibrationBins } from '../calibration';
import { outcomeOf } from '../decisions';

/** Steps of either label: at most twice as many points, and one. */
const STEPS = 60;
const HISTOGRAM_BINS = 20;

/** @param scores [rows] 0…1; @param labels [rows] of 0 and 1 */
export function binaryCurves(scores: Float32Array, labels: Float32Array, decisionThreshold: number): BinaryCurves {
  return {
    task: 'binary',
    thresholds: thresholdsOf(scores, labels),
    histogram: histogramOf(scores, labels),
    confusion: confusionOf(scores, labels, decisionThreshold),
    calibration: calibrationBins(scores, labels),
  };
}

/** Equal scores stay together, so that each point is one that a threshold can give. */
function thresholdsOf(scores: Float32Array, labels: Float32Array): ScoreThreshold[] {
  const [of0, of1] = [0, 1].map((label) => scores.filter((_, row) => labels[row] === label).sort());
  const [negatives, positives] = [of0!, of1!];
  const points: ScoreThreshold[] = [];
  let [leftNegatives, leftPositives] = [negatives.length, positives.length];
  let last = { positives: 0, negatives: 0 };
  while (leftNegatives + leftPositives > 0) {
    const score = Math.max(negatives[leftNegatives - 1] ?? -Infinity, positives[leftPositives - 1] ?? -Infinity);
    while (negatives[leftNegatives - 1] === score) leftNegatives -= 1;
    while (positives[leftPositives - 1] === score) leftPositives -= 1;
    const here = { positives: positives.length - leftPositives, negatives: negatives.length - leftNegatives };
    const stepped =
      (here.positives - last.positives) * STEPS >= Math.max(1, positives.length) ||
      (here.negatives - last.negatives) * STEPS >= Math.max(1, negatives.length);
    if (!stepped && leftNegatives + leftPositives > 0) continue;
    points.push({ score, ...here });
    last = here;
  }
  return points;
}

function histogramOf(scores: Float32Array, labels: Float32Array): BinaryCurves['histogram'] {
  const counts = [0, 1].map(() => new Array<number>(HISTOGRAM_BINS).fill(0));
  scores.forEach((score, row) => {
    const bin = Math.min(HISTOGRAM_BINS - 1, Math.max(0, Math.floor(score * HISTOGRAM_BINS)));
    counts[labels[row]!]![bin]! += 1;
  });
  return { positives: counts[1]!, negatives: counts[0]! };
}

export function confusionOf(scores: Float32Array, labels: Float32Array, decisionThreshold: number): ConfusionCounts {
  const counts = { truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 };
  scores.forEach((score, row) => (counts[outcomeOf(score, labels[row]!, decisionThreshold)] += 1));
  return {
    decisionThreshold,
    truePositives: counts.truePositive,
    falsePositives: counts.falsePositive,
    falseNegatives: counts.falseNegative,
    trueNegatives: counts.trueNegative,
  };
}

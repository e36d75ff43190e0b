/** One of two outcomes: labels 0 and 1, a score is the probability of 1, a decision is by a threshold. */
import type { METRICS } from '../../../domain/metrics';
import { aucByBlocks } from '../auc';
import { averagePrecisionByBlocks } from '../average-precision';
import { type Blocks, blockSums } from '../blocks';
import { calibrationByBlocks } from '../calibration';
import { binaryCurves } from '../curves/binary';
import { type Confusion, f1, outcomeOf, precision, recall } from '../decisions';
import { defined, jackknifed, type Measured } from '../measure';
import type { Loss, MeasuredObjective, TaskStatistics } from './task';

type BinaryObjective = Extract<MeasuredObjective, { readonly task: 'binary' }>;

export function binary({ decisionThreshold, utility }: BinaryObjective): TaskStatistics {
  return {
    kind: 'binary',
    target: 'binary',
    loss: LOG_LOSS,
    biasFloor: (floor) => floor,
    watched: ({ values }) => ({ kind: 'number', values }),
    curves: ({ values }, labels) => binaryCurves(values, labels, decisionThreshold),
    measure({ values: scores }, labels, blocks) {
      const mean = (of: (score: number, label: number) => number): Measured => ({
        kind: 'mean',
        sums: blockSums(blocks, (row) => of(scores[row]!, labels[row]!)),
      });
      const confusions = confusionsByBlock(scores, labels, blocks, decisionThreshold);
      const all: Record<Exclude<(typeof METRICS.binary)[number], 'utility'>, Measured> = {
        auc: jackknifed(aucByBlocks(scores, labels, blocks)),
        averagePrecision: jackknifed(averagePrecisionByBlocks(scores, labels, blocks)),
        logLoss: mean(logLossOf),
        brier: mean((score, label) => (score - label) ** 2),
        calibrationError: jackknifed(calibrationByBlocks(scores, labels, blocks)),
        accuracy: { kind: 'mean', sums: Float64Array.from(confusions, (one) => one.truePositive + one.trueNegative) },
        precision: jackknife(confusions, precision),
        recall: jackknife(confusions, recall),
        f1: jackknife(confusions, f1),
      };
      const measures = new Map<string, Measured>(Object.entries(all));
      if (utility !== undefined) {
        measures.set(
          'utility',
          mean((score, label) => utility[outcomeOf(score, label, decisionThreshold)])
        );
      }
      return defined(measures, blocks);
    },
  };
}

/** ε of float32, which scores are: a score of exactly 0 or 1 isn't certain beyond that. As scikit-learn clips. */
const EPSILON = 2 ** -23;

/** −ln of the probability that was given to what happened, clipped to [ε, 1 − ε]. */
export function logLossOf(score: number, label: number): number {
  const probability = Math.min(1 - EPSILON, Math.max(EPSILON, score));
  return label === 1 ? -Math.log(probability) : -Math.log(1 - probability);
}

export const LOG_LOSS: Loss = { metric: 'logLoss', of: (scores, at, label) => logLossOf(scores[at]!, label) };

function confusionsByBlock(
  scores: Float32Array,
  labels: Float32Array,
  { names, index }: Blocks,
  threshold: number
): readonly Confusion[] {
  const counts = names.map(() => ({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 }));
  for (let row = 0; row < scores.length; row += 1) {
    counts[index[row]!]![outcomeOf(scores[row]!, labels[row]!, threshold)] += 1;
  }
  return counts;
}

function jackknife(confusions: readonly Confusion[], statistic: (confusion: Confusion) => number): Measured {
  const all = confusions.reduce((a, b) => plus(a, b, 1));
  return jackknifed({
    estimate: statistic(all),
    without: Float64Array.from(confusions, (one) => statistic(plus(all, one, -1))),
  });
}

/** a + sign · b */
function plus(a: Confusion, b: Confusion, sign: 1 | -1): Confusion {
  return {
    truePositive: a.truePositive + sign * b.truePositive,
    falsePositive: a.falsePositive + sign * b.falsePositive,
    falseNegative: a.falseNegative + sign * b.falseNegative,
    trueNegative: a.trueNegative + sign * b.trueNegative,
  };
}

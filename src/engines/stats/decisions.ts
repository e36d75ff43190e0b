/** What deciding by a threshold comes to: a row is taken for positive when score >= threshold. */
import type { Objective } from '../../domain/definition';

export interface Confusion {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

export type Outcome = keyof Confusion;

export function outcomeOf(score: number, label: number, threshold: number): Outcome {
  if (score >= threshold) return label === 1 ? 'truePositive' : 'falsePositive';
  return label === 1 ? 'falseNegative' : 'trueNegative';
}

/** @param scores [rows]; @param labels [rows] of 0 and 1 */
export function confusionOf(scores: Float32Array, labels: Float32Array, threshold: number): Confusion {
  const counts = { truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 };
  for (let row = 0; row < scores.length; row += 1) counts[outcomeOf(scores[row]!, labels[row]!, threshold)] += 1;
  return counts;
}

/** NaN where no row is taken for positive. */
export function precision({ truePositive, falsePositive }: Confusion): number {
  return truePositive / (truePositive + falsePositive);
}

/** NaN where no row is positive. */
export function recall({ truePositive, falseNegative }: Confusion): number {
  return truePositive / (truePositive + falseNegative);
}

/** The harmonic mean of precision and recall; NaN where neither is there to be found. */
export function f1({ truePositive, falsePositive, falseNegative }: Confusion): number {
  return (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative);
}

export function accuracy({ truePositive, falsePositive, falseNegative, trueNegative }: Confusion): number {
  return (truePositive + trueNegative) / (truePositive + falsePositive + falseNegative + trueNegative);
}

/** The objective's value of a row, in its unit. */
export function meanUtility(confusion: Confusion, value: NonNullable<Objective['utility']>): number {
  const { truePositive, falsePositive, falseNegative, trueNegative } = confusion;
  const sum =
    truePositive * value.truePositive +
    falsePositive * value.falsePositive +
    falseNegative * value.falseNegative +
    trueNegative * value.trueNegative;
  return sum / (truePositive + falsePositive + falseNegative + trueNegative);
}

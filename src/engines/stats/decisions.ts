/** What deciding by a threshold comes to: a row is taken for positive when score >= threshold. */

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

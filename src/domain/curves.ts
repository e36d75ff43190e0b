/** What an evaluation's charts are drawn from: exact counts of its rows, in a bounded number of points and bins. */

export type Curves = BinaryCurves | NumberCurves | ClassesCurves | LabelsCurves;

export interface BinaryCurves {
  readonly task: 'binary';
  /** ROC and precision–recall: from the highest score down to all rows, at about equal steps of either label. */
  readonly thresholds: readonly ScoreThreshold[];
  /** Rows by score, in bins of equal width from 0 to 1. */
  readonly histogram: { readonly positives: readonly number[]; readonly negatives: readonly number[] };
  /** At the objective's decision threshold. */
  readonly confusion: ConfusionCounts;
  readonly calibration: readonly CalibrationBin[];
}

/** Rows of each label whose score is at least this. */
export interface ScoreThreshold {
  readonly score: number;
  readonly positives: number;
  readonly negatives: number;
}

export interface ConfusionCounts {
  readonly decisionThreshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** Rows of neighbouring scores: about equal numbers of them, equal scores together. */
export interface CalibrationBin {
  readonly rows: number;
  readonly meanScore: number;
  readonly meanTruth: number;
}

export interface NumberCurves {
  readonly task: 'number';
  /** Prediction − truth. */
  readonly residuals: Histogram;
  /** Truth by prediction, both on the same range. */
  readonly grid: Grid;
  readonly calibration: readonly CalibrationBin[];
}

/** Bins of equal width over the middle 99 % of the values; the rest is counted, not drawn. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
  readonly below: number;
  readonly above: number;
}

export interface Grid {
  readonly from: number;
  readonly to: number;
  /** Bins each way. */
  readonly size: number;
  /** Those with rows. */
  readonly cells: readonly { readonly prediction: number; readonly truth: number; readonly rows: number }[];
  /** Rows of which one or the other is out of the range. */
  readonly outside: number;
}

export interface ClassesCurves {
  readonly task: 'classes';
  /** By places of the classes; those with most rows, where there are too many to record. */
  readonly confusion: readonly ConfusionCell[];
  /** Rows of cells that are not recorded. */
  readonly elsewhere: number;
  /** Of the likeliest class: its probability, and the share of rows that are of it. */
  readonly calibration: readonly CalibrationBin[];
}

export interface LabelsCurves {
  readonly task: 'labels';
  /** Of each label, in their order, at the objective's decision threshold. */
  readonly confusion: readonly ConfusionCounts[];
  /** Of all labels together: the probability of a label of a row, and how often it holds. */
  readonly calibration: readonly CalibrationBin[];
}

export interface ConfusionCell {
  readonly actual: number;
  readonly predicted: number;
  readonly rows: number;
}

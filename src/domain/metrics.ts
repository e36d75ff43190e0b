/** Metrics that every evaluation computes; each is there unless it is undefined on the rows at hand. */
export const BUILT_IN_METRICS = [
  /** Area under the ROC curve, ties counted half. */
  'auc',
  /** Mean −ln of the probability given to what happened. */
  'logLoss',
  /** Mean squared error of the probability. */
  'brier',
  /** Mean |mean probability − rate| over ten equal-count bins. */
  'calibrationError',
  /** Share of right decisions at the objective's decision threshold. */
  'accuracy',
  /** Share of positive decisions that are right, at the threshold. */
  'precision',
  /** Share of positive rows that are found, at the threshold. */
  'recall',
  /** Harmonic mean of precision and recall, at the threshold. */
  'f1',
  /** Mean of the objective's utility a row, in its unit; only where the objective has one. */
  'utility',
] as const;

export type BuiltInMetric = (typeof BUILT_IN_METRICS)[number];

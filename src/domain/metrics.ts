/** Metrics that every evaluation computes, by task; each is there unless it is undefined on the rows at hand. */
export const METRICS = {
  binary: [
    /** Area under the ROC curve, ties counted half. */
    'auc',
    /** Mean precision at the thresholds of the positive rows: area under the precision–recall curve, by steps. */
    'averagePrecision',
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
  ],
  number: [
    /** Root of the mean squared error, in the label's unit. */
    'rmse',
    /** Mean absolute error, in the label's unit. */
    'mae',
    /** Share of the labels' variance that is explained: 1 − squared errors ÷ squared distances from the labels' mean. */
    'r2',
    /** Mean of |error| ÷ |label|; undefined where a label is 0. */
    'mape',
    /** Mean of prediction − truth, in the label's unit. */
    'meanError',
  ],
  classes: [
    /** Mean −ln of the probability given to the class that happened. */
    'logLoss',
    /** Share of rows whose likeliest class is theirs: micro precision, recall and F1 are the same number. */
    'accuracy',
    /** Mean of the classes' F1. */
    'macroF1',
    /** Mean of the classes' precision. */
    'macroPrecision',
    /** Mean of the classes' recall. */
    'macroRecall',
    /** Mean of each class's area under the ROC curve against all others. */
    'auc',
    /** Mean sum of the squared errors of the probabilities, from 0 to 2. */
    'brier',
    /** Mean |mean probability − accuracy| of the likeliest class over ten equal-count bins of its probability. */
    'calibrationError',
  ],
  labels: [
    /** Mean −ln of the probability given to what happened, over rows and labels. */
    'logLoss',
    /** F1 of all labels' decisions taken together, at the objective's decision threshold. */
    'microF1',
    /** Mean of the labels' F1; one that no row has and none is given counts 0. */
    'macroF1',
    /** Share of rows of which every label is decided right. */
    'subsetAccuracy',
    /** Share of labels that are decided wrong, over rows and labels (Hamming loss). */
    'hammingLoss',
    /** Precision of all labels' decisions taken together. */
    'microPrecision',
    /** Recall of all labels' decisions taken together. */
    'microRecall',
    /** Mean of the labels' precision; one that is given to no row counts 0. */
    'macroPrecision',
    /** Mean of the labels' recall; one that no row has counts 0. */
    'macroRecall',
    /** Mean of the labels' areas under the ROC curve, of those that some rows have and some have not. */
    'auc',
    /** Mean squared error of the probabilities, over rows and labels. */
    'brier',
    /** Mean of the labels' calibration errors, each |mean probability − rate| over ten equal-count bins. */
    'calibrationError',
  ],
} as const;

/** Of any task. */
export const BUILT_IN_METRICS: readonly string[] = [...new Set(Object.values(METRICS).flat())];

/** Of more classes than these, metrics are of all of them together: a record has a bounded size. */
export const DETAILED_CLASSES = 50;

/** Metrics of one class each: `precision:fog`, `recall:fog`, `f1:fog`. */
export function classMetrics(classes: readonly string[]): readonly string[] {
  if (classes.length > DETAILED_CLASSES) return [];
  return classes.flatMap((name) => [`precision:${name}`, `recall:${name}`, `f1:${name}`]);
}

/** Metrics of one label each: `auc:late`, `logLoss:late`, `precision:late`, `recall:late`, `f1:late`. */
export function labelMetrics(labels: readonly string[]): readonly string[] {
  return labels.flatMap((name) => ['auc', 'logLoss', 'precision', 'recall', 'f1'].map((metric) => `${metric}:${name}`));
}

/** Labels of a binary classifier, checked before anything is trained on them. */
import { MlopsError, type Where } from '../../domain/errors';

/**
 * @param labels [rows]
 * @param where coordinates of a row, for the error
 * @returns their mean, the rate of the positive class
 * @throws MlopsError MLOPS_LABEL_INVALID: a label is neither 0 nor 1; MLOPS_ONE_CLASS: all are the same
 */
export function positiveRate(labels: Float32Array, where: (row: number) => Where = (row) => ({ row })): number {
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row]!;
    if (label === 1) positives += 1;
    else if (label !== 0) {
      const what = `A label is ${label}, neither 0 nor 1.`;
      throw new MlopsError('MLOPS_LABEL_INVALID', what, where(row), 'Fix the label of this row.');
    }
  }
  if (positives > 0 && positives < labels.length) return positives / labels.length;
  const what = `All labels of the training rows are ${positives > 0 ? 1 : 0}.`;
  throw new MlopsError('MLOPS_ONE_CLASS', what, { rows: labels.length }, 'Look at the label rule; widen the split.');
}

/** Which of the epochs, or rounds, so far is the best, and whether more are worth it. */
import type { EpochMetrics } from '../../domain/records';

/** The one with the lowest loss on the validation rows, the first of equal ones; without such rows the last. */
export function bestOf(epochs: readonly EpochMetrics[]): number {
  if (epochs.at(-1)?.validationLoss === undefined) return epochs.length;
  return epochs.reduce((best, each) => (each.validationLoss! < best.validationLoss! ? each : best)).epoch;
}

/** Whether so many were run since the best. */
export function hasEnded(epochs: readonly EpochMetrics[], patience: number): boolean {
  return epochs.length > 0 && epochs.length - bestOf(epochs) >= patience;
}

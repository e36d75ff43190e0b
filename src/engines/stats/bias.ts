/** Prediction bias: mean prediction against mean truth, by blocks of the project's cluster. */
import type { MonitoringDefinition } from '../../domain/definition';
import type { BiasVerdict } from '../../domain/monitoring';
import { blockCounts, type Blocks, blockSums, total } from './blocks';
import { excludesZero, meanInterval } from './intervals';

export interface BiasRows {
  /** [rows] predictions whose truth is there */
  readonly scores: Float32Array;
  /** [rows] of 0 and 1 */
  readonly labels: Float32Array;
  readonly blocks: Blocks;
}

export type BiasLimits = Pick<MonitoringDefinition, 'minRows'> & MonitoringDefinition['bias'];

/**
 * `above`: predictions are higher than the truth by `floor` or more, and the gap's interval excludes 0. A window of
 * fewer than `minRows` rows, or of a single cluster, has insufficient data.
 */
export function biasOf({ scores, labels, blocks }: BiasRows, { floor, confidence, minRows }: BiasLimits): BiasVerdict {
  const rows = scores.length;
  if (rows === 0) {
    const gap = { estimate: 0, low: 0, high: 0, blocks: 0, confidence, method: 'none: no rows' };
    return { meanPrediction: 0, meanTruth: 0, gap, verdict: 'insufficient data' };
  }
  const predicted = blockSums(blocks, (row) => scores[row]!);
  const happened = blockSums(blocks, (row) => labels[row]!);
  const gap = meanInterval(
    predicted.map((sum, b) => sum - happened[b]!),
    blockCounts(blocks),
    confidence,
    blocks.of
  );
  const sides = { meanPrediction: total(predicted) / rows, meanTruth: total(happened) / rows, gap };
  if (rows < minRows || !blocks.asked) return { ...sides, verdict: 'insufficient data' };
  const breach = Math.abs(gap.estimate) >= floor && excludesZero(gap);
  return { ...sides, verdict: breach ? (gap.estimate > 0 ? 'above' : 'below') : 'none' };
}

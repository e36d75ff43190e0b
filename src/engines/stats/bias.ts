/**
 * Prediction bias: mean prediction against mean truth, by blocks of the project's cluster. Of classes and labels that of each one, its mean
 * probability against its rate, with intervals that hold for all of them together (Bonferroni).
 */
import type { MonitoringDefinition } from '../../domain/definition';
import type { BiasVerdict } from '../../domain/monitoring';
import type { Scores } from '../../domain/scores';
import { namesOf, type Target, truthAt } from '../../domain/task';
import { blockCounts, type Blocks, blockSums, total } from './blocks';
import { excludesZero, meanInterval } from './intervals';

export interface BiasRows {
  /** [rows] predictions whose truth is there */
  readonly scores: Scores;
  /** [rows] */
  readonly labels: Float32Array;
  readonly blocks: Blocks;
  /** What the labels are of. */
  readonly target: Target;
}

export type BiasLimits = Pick<MonitoringDefinition, 'minRows'> & MonitoringDefinition['bias'];

/**
 * `above`: predictions are higher than the truth by `floor` or more, and the gap's interval excludes 0. A window of
 * fewer than `minRows` rows, or of a single cluster, has insufficient data. Of classes and labels it is the verdict of the one with the largest
 * gap among those that are biased, else among all.
 */
export function biasOf({ scores, labels, blocks, target }: BiasRows, limits: BiasLimits): BiasVerdict {
  const { floor, confidence, minRows } = limits;
  if (labels.length === 0) {
    const gap = { estimate: 0, low: 0, high: 0, blocks: 0, confidence, method: 'none: no rows' };
    return { meanPrediction: 0, meanTruth: 0, gap, verdict: 'insufficient data' };
  }
  const names = namesOf(target);
  const each = names === undefined ? confidence : 1 - (1 - confidence) / names.length;
  const sides = (names ?? ['']).map((name, place) => {
    const side = sideOf({ scores, labels, blocks, target }, place, each);
    return names === undefined ? side : { ...side, class: name };
  });
  const size = ({ gap }: Side) => Math.abs(gap.estimate);
  const breaches = sides.filter(({ gap }) => Math.abs(gap.estimate) >= floor && excludesZero(gap));
  const largest = (of: readonly Side[]) => of.reduce((most, side) => (size(side) > size(most) ? side : most));
  if (labels.length < minRows || !blocks.asked) return { ...largest(sides), verdict: 'insufficient data' };
  if (breaches.length === 0) return { ...largest(sides), verdict: 'none' };
  const worst = largest(breaches);
  return { ...worst, verdict: worst.gap.estimate > 0 ? 'above' : 'below' };
}

type Side = Omit<BiasVerdict, 'verdict'>;

/** @param place of the number in a row's score */
function sideOf(
  { scores: { width, values }, labels, blocks, target }: BiasRows,
  place: number,
  confidence: number
): Side {
  const predicted = blockSums(blocks, (row) => values[row * width + place]!);
  const happened = blockSums(blocks, (row) => truthAt(target, labels[row]!, place));
  const differences = predicted.map((sum, b) => sum - happened[b]!);
  return {
    meanPrediction: total(predicted) / labels.length,
    meanTruth: total(happened) / labels.length,
    gap: meanInterval(differences, blockCounts(blocks), confidence, blocks.of),
  };
}

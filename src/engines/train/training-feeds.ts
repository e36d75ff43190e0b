/** The training graph's inputs and outputs, as the run holds them. */
import type { Features } from '../features/make-features';
import { float32, float64, int64, type Tensor } from '../onnx/tensor';
import type { TrainingState } from './checkpoint';
import { DATA, dataIndexName, LOSSES, STATE } from './training-graph';

/** All rows' data, the same for every call. */
export function dataFeeds(features: Features, labels: Float32Array): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { [DATA.labels]: float32(labels, [labels.length, 1]) };
  if (features.width > 0) feeds[DATA.dense] = float32(features.dense, [features.rows, features.width]);
  features.indices.forEach((index, table) => {
    feeds[dataIndexName(table)] = int64(index);
  });
  return feeds;
}

export function stateFeeds(state: TrainingState): Record<string, Tensor> {
  const { step, parameters, mean, square } = state;
  return { step: float64([step], []), parameters: float32(parameters), mean: float32(mean), square: float32(square) };
}

/** Step sizes of `count` steps. */
export function rateFeeds(rate: (step: number) => number, from: number, count: number): Record<string, Tensor> {
  return {
    [DATA.rates]: float64(
      Float64Array.from({ length: count }, (_, i) => rate(from + i)),
      [count]
    ),
  };
}

export function stateOf(results: Readonly<Record<string, Tensor>>): TrainingState {
  const [step, parameters, mean, square] = STATE.map((name) => results[`${name}:next`]!.data as Float32Array);
  return { step: step![0]!, parameters: parameters!, mean: mean!, square: square! };
}

/**
 * Adds each batch's mean loss × its rows, one after the other: summed by calls first, the rounding would depend on how long
 * the calls were.
 */
export function addLosses(sum: number, results: Readonly<Record<string, Tensor>>, sizes: readonly number[]): number {
  const losses = results[LOSSES]!.data as Float32Array;
  return sizes.reduce((total, size, i) => total + losses[i]! * size, sum);
}

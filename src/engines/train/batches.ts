/** An epoch's batches: the rows in a new random order, cut into batches of one size. */
import { float32, type Tensor } from '../onnx/tensor';
import { randomStream, STREAMS, shuffled } from './random';
import { DATA } from './training-graph';

export interface EpochBatches {
  readonly steps: number;
  /** Row numbers [count, B] and weights [count, B, 1] of `count` batches. */
  feeds(from: number, count: number): Record<string, Tensor>;
  /** Rows of each of these batches: all B but the epoch's last. */
  sizes(from: number, count: number): readonly number[];
}

export interface BatchRequest {
  /** Rows of the data. */
  readonly rows: number;
  /** Rows of a batch. */
  readonly batch: number;
  readonly seed: number;
  /** [rows]; default: all 1. */
  readonly weights?: Float32Array | undefined;
}

/** The order depends on the seed and the epoch only. The last batch is filled up with row 0 at weight 0. */
export function epochBatches({ rows, batch, seed, weights }: BatchRequest, epoch: number): EpochBatches {
  const order = shuffled(randomStream(seed, STREAMS.shuffle, epoch), rows);
  const sizeOfBatch = (step: number) => Math.min(batch, rows - step * batch);
  return {
    steps: Math.ceil(rows / batch),
    sizes: (from, count) => Array.from({ length: count }, (_, i) => sizeOfBatch(from + i)),
    feeds: (from, count) => {
      const numbers = new Int32Array(count * batch);
      const shares = new Float32Array(count * batch);
      numbers.set(order.subarray(from * batch, (from + count) * batch));
      for (let i = 0; i < count; i += 1) {
        const size = sizeOfBatch(from + i);
        for (let j = i * batch; j < i * batch + size; j += 1)
          shares[j] = (weights === undefined ? 1 : weights[numbers[j]!]!) / size;
      }
      return {
        [DATA.rows]: { type: 'int32', dims: [count, batch], data: numbers },
        [DATA.weights]: float32(shares, [count, batch, 1]),
      };
    },
  };
}

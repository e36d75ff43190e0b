/** The same training with plain loops in double precision: an independent check of the graph, its gradients and Adam. */
import { sizeOf } from '../../../src/engines/onnx/tensor';
import { epochsFor } from '../../../src/engines/train/epochs';
import { initialParameters, parameterShapes } from '../../../src/engines/train/network';
import { randomStream, STREAMS, shuffled } from '../../../src/engines/train/random';
import type { TrainRequest } from '../../../src/engines/train/train-network';

export interface ReferenceResult {
  readonly parameters: Float64Array;
  readonly losses: readonly number[];
}

export function referenceTraining({ features, tables, labels, network }: TrainRequest): ReferenceResult {
  const shapes = parameterShapes({ dense: features.width, tables, hidden: network.hidden, outputs: 1 });
  const parameters = Float64Array.from(initialParameters(shapes, network.seed));
  const offsets = shapes.map((_, i) => shapes.slice(0, i).reduce((sum, { dims }) => sum + sizeOf(dims), 0));
  const mean = new Float64Array(parameters.length);
  const square = new Float64Array(parameters.length);
  const layers = network.hidden.length + 1;
  let step = 0;

  /** Adds the gradient of one row's loss, and gives the loss. */
  function addRow(row: number, gradient: Float64Array, share: number): number {
    const inputs: number[] = [];
    const sources: number[] = [];
    tables.forEach(({ width }, t) => {
      for (let j = 0; j < width; j += 1) {
        const at = offsets[t]! + Number(features.indices[t]![row]) * width + j;
        inputs.push(parameters[at]!);
        sources.push(at);
      }
    });
    inputs.push(...features.dense.subarray(row * features.width, (row + 1) * features.width));
    const activations = [inputs];
    for (let layer = 0; layer < layers; layer += 1) {
      const [weights, biases] = [offsets[tables.length + 2 * layer]!, offsets[tables.length + 2 * layer + 1]!];
      const units = shapes[tables.length + 2 * layer]!.dims[1]!;
      const x = activations[layer]!;
      const z = Array.from({ length: units }, (_, j) =>
        x.reduce((sum, value, i) => sum + value * parameters[weights + i * units + j]!, parameters[biases + j]!)
      );
      activations.push(layer === layers - 1 ? z : z.map((value) => Math.max(0, value)));
    }
    const z = activations[layers]![0]!;
    let delta = [share * (1 / (1 + Math.exp(-z)) - labels[row]!)];
    for (let layer = layers - 1; layer >= 0; layer -= 1) {
      const [weights, biases] = [offsets[tables.length + 2 * layer]!, offsets[tables.length + 2 * layer + 1]!];
      const x = activations[layer]!;
      const units = delta.length;
      delta.forEach((d, j) => {
        gradient[biases + j]! += d;
        x.forEach((value, i) => {
          gradient[weights + i * units + j]! += value * d;
        });
      });
      const current = delta;
      delta = x.map((value, i) =>
        layer > 0 && value <= 0 ? 0 : current.reduce((sum, d, j) => sum + d * parameters[weights + i * units + j]!, 0)
      );
    }
    sources.forEach((at, i) => {
      gradient[at]! += delta[i]!;
    });
    return Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - labels[row]! * z;
  }

  /** Both labels' rows together weigh the same. */
  const weights = Array.from(labels, (label) =>
    network.classWeights === 'balanced' ? labels.length / (2 * labels.filter((other) => other === label).length) : 1
  );
  const losses = Array.from({ length: epochsFor(network, features.rows) }, (_, epoch) => {
    const order = shuffled(randomStream(network.seed, STREAMS.shuffle, epoch), features.rows);
    let loss = 0;
    for (let from = 0; from < order.length; from += network.batch) {
      const rows = order.subarray(from, from + network.batch);
      const gradient = new Float64Array(parameters.length);
      for (const row of rows) {
        loss += weights[row]! * addRow(row, gradient, weights[row]! / rows.length);
      }
      step += 1;
      gradient.forEach((g, i) => {
        mean[i] = 0.9 * mean[i]! + 0.1 * g;
        square[i] = 0.999 * square[i]! + 0.001 * g * g;
        const rate = network.learningRate / (1 - 0.9 ** step);
        parameters[i]! -= (rate * mean[i]!) / (Math.sqrt(square[i]! / (1 - 0.999 ** step)) + 1e-8);
      });
    }
    return loss / features.rows;
  });
  return { parameters, losses };
}

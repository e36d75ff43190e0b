/** A network's loss on rows that it doesn't learn from: the forward pass alone, without dropout. */
import { encodeModel } from '../onnx/model';
import { Graph } from '../onnx/graph';
import { operators } from '../onnx/operators';
import { openSession } from '../onnx/session';
import { float32, int64, sizeOf, type Tensor } from '../onnx/tensor';
import { type Head, lossOf } from './head';
import { type NetworkShape, output, parameterShapes } from './network';
import { DATA, dataIndexName } from './training-graph';
import type { LabelledFeatures } from './training-job';

const CHUNK = 4096;

export interface Validation {
  /** The rows' mean loss. @param seen called every few thousand rows */
  loss(parameters: Float32Array, seen: () => void): Promise<number>;
  close(): Promise<void>;
}

export async function openValidation(
  shape: NetworkShape,
  head: Head,
  { rows, width, dense, indices, labels }: LabelledFeatures
): Promise<Validation> {
  const session = await openSession(validationGraph(shape, head));
  const feeds = (from: number, to: number): Record<string, Tensor> => ({
    [DATA.labels]: float32(labels.subarray(from, to), [to - from, 1]),
    ...(width > 0 ? { [DATA.dense]: float32(dense.subarray(from * width, to * width), [to - from, width]) } : {}),
    ...Object.fromEntries(indices.map((index, i) => [dataIndexName(i), int64(index.subarray(from, to))])),
    [DATA.weights]: float32(new Float32Array(to - from).fill(1), [to - from, 1]),
  });
  return {
    loss: async (parameters, seen) => {
      let sum = 0;
      for (let from = 0; from < rows; from += CHUNK) {
        const results = await session.run({
          parameters: float32(parameters),
          ...feeds(from, Math.min(rows, from + CHUNK)),
        });
        sum += (results[session.outputs[0]!]!.data as Float32Array)[0]!;
        seen();
      }
      return sum / rows;
    },
    close: () => session.close(),
  };
}

function validationGraph(shape: NetworkShape, head: Head): Uint8Array {
  const graph = new Graph('validation');
  const o = operators(graph);
  const shapes = parameterShapes(shape);
  const sizes = shapes.map(({ dims }) => sizeOf(dims));
  const flat = graph.input('parameters', 'float32', [sizes.reduce((sum, size) => sum + size, 0)]);
  const dense = shape.dense > 0 ? graph.input(DATA.dense, 'float32', ['N', shape.dense]) : undefined;
  const indices = shape.tables.map((_, table) => graph.input(dataIndexName(table), 'int64', ['N']));
  const labels = graph.input(DATA.labels, 'float32', ['N', 1]);
  const weights = graph.input(DATA.weights, 'float32', ['N', 1]);
  const parameters = o.split(flat, sizes).map((part, i) => o.reshape(part, shapes[i]!.dims));
  graph.output(lossOf(o, head, output(o, shape, parameters, dense, indices), labels, weights));
  return encodeModel(graph);
}

/** The model: features, network and sigmoid in one graph, from a source row's columns to a probability. */
import { featureText } from '../../domain/definition';
import { addFeatures } from '../features/feature-graph';
import type { FittedFeatures } from '../features/fitted';
import { Graph } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { operators } from '../onnx/operators';
import { float32, sizeOf } from '../onnx/tensor';
import { logit, type NetworkShape, parameterShapes } from './network';

export const PROBABILITY = 'probability';

/**
 * @param parameters as `trainNetwork` gives them
 * @returns bytes of an ONNX model: inputs as said in feature-graph.ts, output `probability` float32 [N]. The nodes and
 * constants of `featureGraph(fitted)` come first in it, unchanged.
 */
export function inferenceGraph(
  fitted: FittedFeatures,
  { shape, parameters }: { readonly shape: NetworkShape; readonly parameters: Float32Array }
): Uint8Array {
  const graph = new Graph('model');
  const o = operators(graph);
  const { dense, indices } = addFeatures(graph, fitted);
  let offset = 0;
  const values = parameterShapes(shape).map(({ name, dims }) => {
    const start = offset;
    offset += sizeOf(dims);
    return o.constant(float32(parameters.subarray(start, offset), dims), `/${name}`);
  });
  graph.output(o.squeeze(o.sigmoid(logit(o, shape, values, dense, indices)), 1, PROBABILITY));
  return encodeModel(graph, {
    'temporal-mlops.model': 'binary classifier',
    'temporal-mlops.features': JSON.stringify(fitted.transforms.map(featureText)),
    'temporal-mlops.hidden': JSON.stringify(shape.hidden),
  });
}

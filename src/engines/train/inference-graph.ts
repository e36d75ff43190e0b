/** A network's model. */
import type { FittedFeatures } from '../features/fitted';
import { float32, sizeOf } from '../onnx/tensor';
import { type Head, inLabelUnit } from './head';
import { type ModelEnd, modelGraph } from './model-graph';
import { type NetworkShape, output, parameterShapes } from './network';

/** @param parameters as `trainNetwork` gives them */
export function inferenceGraph(
  fitted: FittedFeatures,
  { shape, head, parameters }: { readonly shape: NetworkShape; readonly head: Head; readonly parameters: Float32Array },
  end?: ModelEnd
): Uint8Array {
  return modelGraph({
    fitted,
    task: head.task,
    end,
    metadata: { 'temporal-mlops.hidden': JSON.stringify(shape.hidden) },
    learner: (_, o, { dense, indices }) => {
      let offset = 0;
      const values = parameterShapes(shape).map(({ name, dims }) => {
        const start = offset;
        offset += sizeOf(dims);
        return o.constant(float32(parameters.subarray(start, offset), dims), `/${name}`);
      });
      return inLabelUnit(o, head, output(o, shape, values, dense, indices));
    },
  });
}

/** A linear model's graph: features, one product, and what the task makes of it. */
import { kindOf, type Target } from '../../domain/task';
import type { FittedFeatures } from '../features/fitted';
import { float32 } from '../onnx/tensor';
import { type ModelEnd, modelGraph } from '../train/model-graph';
import type { TrainedLinear } from './train-linear';

/** @returns bytes of an ONNX model */
export function linearGraph(
  fitted: FittedFeatures,
  { outputs, parameters }: Pick<TrainedLinear, 'outputs' | 'parameters'>,
  { task, poisson }: { readonly task: Target; readonly poisson: boolean },
  end?: ModelEnd
): Uint8Array {
  const weights = parameters.length - outputs;
  return modelGraph({
    fitted,
    task: kindOf(task),
    end,
    metadata: { 'temporal-mlops.linear': poisson ? 'poisson' : kindOf(task) },
    learner: (_, o, { dense }) => {
      if (dense === undefined) throw new Error('a linear model needs a feature that is a number');
      const w = o.constant(
        float32(Float32Array.from(parameters.subarray(0, weights)), [weights / outputs, outputs]),
        '/weights'
      );
      const b = o.constant(float32(Float32Array.from(parameters.subarray(weights)), [outputs]), '/biases');
      const z = o.add(o.matMul(dense, w), b);
      // In float the last bit of a power depends on the row's place in its batch.
      return poisson ? o.cast(o.exp(o.cast(z, 'float64')), 'float32') : z;
    },
  });
}

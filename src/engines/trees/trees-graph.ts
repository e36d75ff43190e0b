/** The trees' model. The scores of record come from it. */
import { kindOf, type Target } from '../../domain/task';
import type { FittedFeatures } from '../features/fitted';
import { type ModelEnd, modelGraph } from '../train/model-graph';
import { addEnsemble } from './ensemble-node';
import type { Ensemble } from './tree';

/** @returns bytes of an ONNX model */
export function treesGraph(fitted: FittedFeatures, ensemble: Ensemble, task: Target, end?: ModelEnd): Uint8Array {
  return modelGraph({
    fitted,
    task: kindOf(task),
    end,
    metadata: { 'temporal-mlops.trees': String(ensemble.trees.length) },
    learner: (graph, _, { dense }) => {
      if (dense === undefined) throw new Error('trees need a feature that is a number');
      return addEnsemble(graph, dense, ensemble);
    },
  });
}

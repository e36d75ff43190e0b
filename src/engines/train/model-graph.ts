/** The model: features, a learner's numbers, and what the task makes of them, in one graph from a source row's columns to its score. */
import { featureText } from '../../domain/definition';
import { scoreOutput, type TaskKind } from '../../domain/task';
import { addFeatures, type FeatureValues } from '../features/feature-graph';
import type { FittedFeatures } from '../features/fitted';
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';

export interface ModelGraphRequest {
  readonly fitted: FittedFeatures;
  readonly task: TaskKind;
  /** What a reader of the file finds in its metadata, under names that begin with `temporal-mlops.`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Adds the learner: float32 [N, outputs], a logit (of classes one for each) or the number itself. */
  readonly learner: (graph: Graph, o: Operators, features: FeatureValues) => Value;
}

/**
 * @returns bytes of an ONNX model: inputs as said in feature-graph.ts, output float32 [N], of classes [N, classes], by the task's name. The nodes and
 * constants of `featureGraph(fitted)` come first in it, unchanged.
 */
export function modelGraph({ fitted, task, metadata, learner }: ModelGraphRequest): Uint8Array {
  const graph = new Graph('model');
  const o = operators(graph);
  graph.output(scoresOf(o, task, learner(graph, o, addFeatures(graph, fitted))));
  return encodeModel(graph, {
    'temporal-mlops.model': KINDS[task],
    'temporal-mlops.features': JSON.stringify(fitted.transforms.map(featureText)),
    ...metadata,
  });
}

function scoresOf(o: Operators, task: TaskKind, numbers: Value): Value {
  const name = scoreOutput(task);
  switch (task) {
    case 'binary':
      return o.squeeze(o.sigmoid(numbers), 1, name);
    case 'number':
      return o.squeeze(numbers, 1, name);
    case 'classes':
      return o.softmax(numbers, name);
  }
}

const KINDS: Readonly<Record<TaskKind, string>> = {
  binary: 'binary classifier',
  number: 'regression',
  classes: 'classifier',
};

/** The model: features, a learner's numbers, and what the task makes of them, in one graph from a source row's columns to its score. */
import { featureText } from '../../domain/definition';
import { scoreOutput, type TaskKind } from '../../domain/task';
import { addFeatures, type FeatureValues } from '../features/feature-graph';
import type { FittedFeatures } from '../features/fitted';
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';
import type { Calibrator } from './calibration/calibrator';
import { isotonicRates } from './calibration/isotonic-graph';

/** `logits`: the learner's numbers as they are, under the score's name, which is how a calibrator is fitted. */
export type ModelEnd = 'logits' | Calibrator;

export interface ModelGraphRequest {
  readonly fitted: FittedFeatures;
  readonly task: TaskKind;
  /** Default: what the task makes of the learner's numbers, a sigmoid or a softmax of outcomes, a sigmoid of each label. */
  readonly end?: ModelEnd | undefined;
  /** What a reader of the file finds in its metadata, under names that begin with `temporal-mlops.`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Adds the learner: float32 [N, outputs], a logit (of classes and labels one for each) or the number itself. */
  readonly learner: (graph: Graph, o: Operators, features: FeatureValues) => Value;
}

/**
 * @returns bytes of an ONNX model: inputs as said in feature-graph.ts, output float32 [N], of classes and labels [N, width], by the task's name. The nodes and
 * constants of `featureGraph(fitted)` come first in it, unchanged.
 */
export function modelGraph({ fitted, task, end, metadata, learner }: ModelGraphRequest): Uint8Array {
  const graph = new Graph('model');
  const o = operators(graph);
  graph.output(scoresOf(graph, o, { task, end }, learner(graph, o, addFeatures(graph, fitted))));
  return encodeModel(graph, {
    'temporal-mlops.model': KINDS[task],
    'temporal-mlops.features': JSON.stringify(fitted.transforms.map(featureText)),
    ...metadata,
  });
}

function scoresOf(
  graph: Graph,
  o: Operators,
  { task, end }: Pick<ModelGraphRequest, 'task' | 'end'>,
  numbers: Value
): Value {
  const name = scoreOutput(task);
  switch (task) {
    case 'binary':
      return o.squeeze(end === 'logits' ? numbers : probabilities(graph, o, end, numbers), 1, name);
    case 'number':
      return o.squeeze(numbers, 1, name);
    case 'classes':
      return end === 'logits' ? o.identity(numbers, name) : o.softmax(tempered(o, end, numbers), name);
    case 'labels':
      return o.identity(end === 'logits' ? numbers : o.sigmoid(tempered(o, end, numbers)), name);
  }
}

/** Of the outcome 1, [N, 1]. */
function probabilities(graph: Graph, o: Operators, calibrator: Calibrator | undefined, logits: Value): Value {
  return calibrator?.method === 'isotonic'
    ? isotonicRates(graph, o, calibrator, logits)
    : o.sigmoid(tempered(o, calibrator, logits));
}

function tempered(o: Operators, calibrator: Calibrator | undefined, logits: Value): Value {
  return calibrator?.method === 'temperature' ? o.mul(logits, o.scalar(1 / calibrator.temperature)) : logits;
}

const KINDS: Readonly<Record<TaskKind, string>> = {
  binary: 'binary classifier',
  number: 'regression',
  classes: 'classifier',
  labels: 'classifier of several labels',
};

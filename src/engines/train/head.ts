/** A network's end by task: its loss in training, and what its last numbers mean. */
import { type Baseline, kindOf, type Target, widthOf } from '../../domain/task';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float32 } from '../onnx/tensor';

export type Head =
  /** The last number is a logit. */
  | { readonly task: 'binary' }
  /** It is in standard deviations from the training labels' mean, so that any unit trains at the same pace. */
  | { readonly task: 'number'; readonly mean: number; readonly deviation: number }
  /** So many of them, each a class's logit. */
  | { readonly task: 'classes'; readonly classes: number }
  /** So many of them, each a label's logit. */
  | { readonly task: 'labels'; readonly labels: number };

export function headOf(target: Target, { means, deviations }: Baseline): Head {
  const task = kindOf(target);
  switch (task) {
    case 'binary':
      return { task };
    case 'number':
      return { task, mean: means[0]!, deviation: deviations[0]! };
    case 'classes':
      return { task, classes: widthOf(target) };
    case 'labels':
      return { task, labels: widthOf(target) };
  }
}

/** How many last numbers the network has. */
export function outputsOf(head: Head): number {
  switch (head.task) {
    case 'binary':
    case 'number':
      return 1;
    case 'classes':
      return head.classes;
    case 'labels':
      return head.labels;
  }
}

/**
 * Summed over the batch.
 * @param z the network's last numbers, [B, outputs]; @param y labels, [B, 1]
 * @param weights [B, 1]: a row's weight ÷ the batch's rows makes it a mean
 */
export function lossOf(o: Operators, head: Head, z: Value, y: Value, weights: Value): Value {
  return o.reduceSum(o.mul(rowLosses(o, head, z, y), weights), [0, 1], false);
}

/** [B, 1] */
function rowLosses(o: Operators, head: Head, z: Value, y: Value): Value {
  switch (head.task) {
    case 'binary':
      return crossEntropy(o, z, y);
    case 'number':
      return squaredError(o, head, z, y);
    case 'classes':
      return classCrossEntropy(o, head.classes, z, y);
    case 'labels':
      return labelCrossEntropy(o, head.labels, z, y);
  }
}

/** log(1 + eᶻ) − y z. Softplus is onnxruntime's, which doesn't overflow. */
function crossEntropy(o: Operators, z: Value, y: Value): Value {
  return o.sub(o.softplus(z), o.mul(y, z));
}

/** −log of the softmax at the label's place. */
function classCrossEntropy(o: Operators, classes: number, z: Value, y: Value): Value {
  const places = o.constant(
    float32(
      Float32Array.from({ length: classes }, (_, place) => place),
      [1, classes]
    )
  );
  const isLabel = o.cast(o.equal(y, places), 'float32');
  return o.reduceSum(o.mul(o.mul(isLabel, scalar(o, -1)), o.logSoftmax(z)), [1], true);
}

/** The mean over the labels of each one's cross-entropy. */
function labelCrossEntropy(o: Operators, labels: number, z: Value, y: Value): Value {
  const powers = (times: number) =>
    o.constant(
      float32(
        Float32Array.from({ length: labels }, (_, place) => times * 2 ** place),
        [1, labels]
      )
    );
  // y is Σ 2^place: divided by a power of two it is exact, and what is even or odd of it says whether the label holds.
  const holds = o.sub(o.floor(o.div(y, powers(1))), o.mul(o.floor(o.div(y, powers(2))), scalar(o, 2)));
  return o.mul(o.reduceSum(crossEntropy(o, z, holds), [1], true), scalar(o, 1 / labels));
}

function squaredError(o: Operators, { mean, deviation }: Extract<Head, { task: 'number' }>, z: Value, y: Value): Value {
  const standardized = o.mul(o.sub(y, scalar(o, mean)), scalar(o, 1 / deviation));
  const error = o.sub(z, standardized);
  return o.mul(error, error);
}

/** In the model: of a number the prediction in the label's unit; logits are as they are. */
export function inLabelUnit(o: Operators, head: Head, z: Value): Value {
  return head.task === 'number' ? o.add(o.mul(z, scalar(o, head.deviation)), scalar(o, head.mean)) : z;
}

const scalar = (o: Operators, value: number): Value => o.constant(float32(Float32Array.of(value), [1, 1]));

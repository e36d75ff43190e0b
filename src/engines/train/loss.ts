/** What trees and linear models are fitted against: a loss's gradient and hessian by each score of a row. */
import { kindOf, type Target, widthOf } from '../../domain/task';

export interface Loss {
  /** Scores of a row, and so trees of a round. */
  readonly outputs: number;
  /** The derivatives are those of the loss times this. */
  readonly share: number;
  /** The scores that fit best without any tree. */
  start(labels: Float32Array): readonly number[];
  /**
   * Of each output the loss's first and second derivative by its score, [rows] each, at the scores [rows, outputs].
   * All are filled before a tree changes a score.
   * @returns the rows' mean loss
   */
  derivatives(scores: Float64Array, labels: Float32Array, into: readonly Derivatives[]): number;
  /** The rows' mean loss alone. */
  mean(scores: Float64Array, labels: Float32Array): number;
}

export interface Derivatives {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/** Binary cross-entropy of a logit z and a label y: log(1 + eᶻ) − y z. */
export const LOGISTIC: Loss = {
  outputs: 1,
  share: 1,
  start(labels) {
    const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    return [Math.log(rate / (1 - rate))];
  },
  derivatives(scores, labels, [into]) {
    const { gradient, hessian } = into!;
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1) {
      const z = scores[row]!;
      const label = labels[row]!;
      const power = Math.exp(-Math.abs(z));
      const probability = (z < 0 ? power : 1) / (1 + power);
      gradient[row] = probability - label;
      hessian[row] = probability * (1 - probability);
      sum += Math.max(z, 0) + Math.log1p(power) - label * z;
    }
    return sum / labels.length;
  },
  mean(scores, labels) {
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1) {
      const z = scores[row]!;
      // log(1 + eᶻ) of a large z overflows.
      sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - labels[row]! * z;
    }
    return sum / labels.length;
  },
};

/** Squared error of a number: (z − y)². The derivatives are those of its half, so that a leaf without λ is a mean. */
export const SQUARED: Loss = {
  outputs: 1,
  share: 0.5,
  start(labels) {
    return [labels.reduce((sum, label) => sum + label, 0) / labels.length];
  },
  derivatives(scores, labels, [into]) {
    const { gradient, hessian } = into!;
    for (let row = 0; row < labels.length; row += 1) gradient[row] = scores[row]! - labels[row]!;
    hessian.fill(1);
    return SQUARED.mean(scores, labels);
  },
  mean(scores, labels) {
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1) sum += (scores[row]! - labels[row]!) ** 2;
    return sum / labels.length;
  },
};

/**
 * Cross-entropy of a softmax over the scores z and a label's place y: log Σ eᶻ − z_y. The second derivative is the diagonal's,
 * p (1 − p): each class's tree is grown by itself.
 */
export function softmaxLoss(outputs: number): Loss {
  /** Probabilities of a row; returns its loss. */
  const probabilities = (scores: Float64Array, from: number, label: number, into: Float64Array): number => {
    let most = scores[from]!;
    for (let k = 1; k < outputs; k += 1) most = Math.max(most, scores[from + k]!);
    let sum = 0;
    for (let k = 0; k < outputs; k += 1) sum += into[k] = Math.exp(scores[from + k]! - most);
    for (let k = 0; k < outputs; k += 1) into[k]! /= sum;
    return Math.log(sum) + most - scores[from + label]!;
  };
  const row = new Float64Array(outputs);
  return {
    outputs,
    share: 1,
    start(labels) {
      const counts = new Float64Array(outputs);
      for (const label of labels) counts[label]! += 1;
      return Array.from(counts, (count) => Math.log(count / labels.length));
    },
    derivatives(scores, labels, into) {
      let loss = 0;
      for (let at = 0; at < labels.length; at += 1) {
        const label = labels[at]!;
        loss += probabilities(scores, at * outputs, label, row);
        for (let k = 0; k < outputs; k += 1) {
          const p = row[k]!;
          into[k]!.gradient[at] = k === label ? p - 1 : p;
          into[k]!.hessian[at] = p * (1 - p);
        }
      }
      return loss / labels.length;
    },
    mean(scores, labels) {
      let loss = 0;
      for (let at = 0; at < labels.length; at += 1) loss += probabilities(scores, at * outputs, labels[at]!, row);
      return loss / labels.length;
    },
  };
}

/**
 * The mean over labels of each one's binary cross-entropy; y is Σ 2^place of those that hold. The derivatives are those of the sum, so
 * that every label is fitted as one of two outcomes is by itself.
 */
export function labelsLoss(outputs: number): Loss {
  const scored = (scores: Float64Array, labels: Float32Array, into: readonly Derivatives[] | undefined): number => {
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1) {
      for (let k = 0; k < outputs; k += 1) {
        const z = scores[row * outputs + k]!;
        const label = (labels[row]! >>> k) & 1;
        const power = Math.exp(-Math.abs(z));
        sum += Math.max(z, 0) + Math.log1p(power) - label * z;
        if (into === undefined) continue;
        const probability = (z < 0 ? power : 1) / (1 + power);
        into[k]!.gradient[row] = probability - label;
        into[k]!.hessian[row] = probability * (1 - probability);
      }
    }
    return sum / labels.length / outputs;
  };
  return {
    outputs,
    share: outputs,
    start: (labels) =>
      Array.from({ length: outputs }, (_, k) => {
        let ones = 0;
        for (const label of labels) ones += (label >>> k) & 1;
        return Math.log(ones / (labels.length - ones));
      }),
    derivatives: (scores, labels, into) => scored(scores, labels, into),
    mean: (scores, labels) => scored(scores, labels, undefined),
  };
}

/**
 * Counts y whose mean is eᶻ: half the deviance, eᶻ − y + y (log y − z), so that a perfect prediction loses nothing. log y of 0
 * counts nothing.
 */
export const POISSON: Loss = {
  outputs: 1,
  share: 1,
  start(labels) {
    return [Math.log(labels.reduce((sum, label) => sum + label, 0) / labels.length)];
  },
  derivatives(scores, labels, [into]) {
    const { gradient, hessian } = into!;
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1) {
      const [z, label] = [scores[row]!, labels[row]!];
      const mean = Math.exp(z);
      gradient[row] = mean - label;
      hessian[row] = mean;
      sum += halfDeviance(z, mean, label);
    }
    return sum / labels.length;
  },
  mean(scores, labels) {
    let sum = 0;
    for (let row = 0; row < labels.length; row += 1)
      sum += halfDeviance(scores[row]!, Math.exp(scores[row]!), labels[row]!);
    return sum / labels.length;
  },
};

function halfDeviance(z: number, mean: number, label: number): number {
  return label === 0 ? mean : mean - label + label * (Math.log(label) - z);
}

export function lossOf(target: Target): Loss {
  switch (kindOf(target)) {
    case 'binary':
      return LOGISTIC;
    case 'number':
      return SQUARED;
    case 'classes':
      return softmaxLoss(widthOf(target));
    case 'labels':
      return labelsLoss(widthOf(target));
  }
}

/** How a model is trained. */
import type { WallDuration } from '../durations';
import type { RegisteredUse } from './reader';

/** A multi-layer perceptron as one training graph; cross-entropy of outcomes and classes, or the squared error of a number. */
export interface NetworkSpec {
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  /** Rows of one step. */
  readonly batch: number;
  /** The step size, at its largest. */
  readonly learningRate: number;
  /** Times that all training rows are seen. */
  readonly epochs: number;
  /** Whole epochs are dropped until epochs × rows fits; at least one is run. */
  readonly maxRowsSeen: number;
  /** For the weights, the order of rows and dropout. */
  readonly seed: number;
  /** Of each hidden layer. */
  readonly activation: 'relu' | 'gelu' | 'tanh';
  /** `layer`: each row's sums of a hidden layer get mean 0 and deviation 1 before the activation, then a scale and a shift that are trained. */
  readonly normalization: 'none' | 'layer';
  /** Share of a hidden layer's numbers that a step leaves out, drawn anew by seed and step; the model has all. */
  readonly dropout: number;
  /** Adds to a hidden layer what it reads, where both have as many numbers. */
  readonly residual: boolean;
  /** How far the first weights spread: `glorot`, √(6 ÷ (in + out)), or `he`, √(6 ÷ in). */
  readonly initialWeights: 'glorot' | 'he';
  /** As PyTorch computes them. */
  readonly optimizer: 'adam' | 'adamw' | 'sgd';
  /** Of `sgd`: share of the last step that is taken again. */
  readonly momentum: number;
  /** Draws weights and embeddings to 0: times them added to the gradient, or, of `adamw`, beside it. Biases don't decay. */
  readonly weightDecay: number;
  /** `cosine` falls to 0 over all steps, `oneCycle` rises from a 25th and then falls, as PyTorch's OneCycleLR. */
  readonly schedule: 'constant' | 'cosine' | 'oneCycle';
  /** Share of the steps in which the step size rises. 0 of `oneCycle` means 0.3. */
  readonly warmUp: number;
  /** A gradient longer than this is scaled down to it. Default: no limit. */
  readonly clipNorm?: number;
  /** `balanced`: all classes together weigh as much each. Scores are then no longer probabilities of the rows as they are. */
  readonly classWeights: 'equal' | 'balanced';
  /** Where the split has a validation part: stops after so many epochs without a lower loss there, and keeps the best epoch's parameters. */
  readonly patience: number;
}

/**
 * A linear model of the features, fitted on all rows at once: logistic of the task `binary` and of each of `labels`, softmax of `classes`, least squares of `number`,
 * or Poisson. Minimised is the sum of the rows' losses (of a number half the squared error) plus the penalties.
 */
export interface LinearSpec {
  /** Times the sum of the weights' sizes: sets those that help little to exactly 0. Biases have no penalty. */
  readonly l1: number;
  /** Times half the sum of their squares. */
  readonly l2: number;
  /** Of the task `number`: the label is a count, and the logarithm of its mean is linear. */
  readonly poisson: boolean;
  /** Steps of L-BFGS, at most. */
  readonly steps: number;
  /** Ends once the steepest slope is at most this share of the steepest at the start. */
  readonly tolerance: number;
}

/** Gradient-boosted trees on columns of at most 255 bins, and one more for missing values. */
export interface TreesSpec {
  /** Trees, one after the other. */
  readonly rounds: number;
  /** Splits from a tree's root to its leaves, at most. */
  readonly depth: number;
  /** Share of a leaf's value that is added. */
  readonly learningRate: number;
  /** Each side of a split has at least this much weight (hessian: a row's p (1 − p)). */
  readonly minWeight: number;
  /** Added to a leaf's weight: draws values of small leaves to 0. */
  readonly l2: number;
  /** Share of the rows that each tree learns from, drawn anew. */
  readonly rowShare: number;
  /** Share of the feature columns that each tree may split, drawn anew. */
  readonly columnShare: number;
  /** Where the split has a validation part: stops after so many rounds without a lower loss there, and keeps the trees up to the best. */
  readonly patience: number;
  /** For the draws. */
  readonly seed: number;
}

export type Calibration = 'none' | 'temperature' | 'isotonic';

/** Learners of ours, each with its spec. */
export type BuiltInModel = WithNetwork | WithTrees | WithLinear;

export interface WithCalibration {
  /** Makes scores probabilities of the rows as they are, by validation rows alone: `temperature` (of `binary`, `classes` and `labels`) divides logits by one number, `isotonic` (of `binary`) takes any rising curve. Default: none. */
  readonly calibration?: Calibration;
}
export interface WithNetwork extends WithCalibration {
  readonly network: NetworkSpec;
}
export interface WithTrees extends WithCalibration {
  readonly trees: TreesSpec;
}
export interface WithLinear extends WithCalibration {
  readonly linear: LinearSpec;
}

/** What one run trains. */
export type ModelSpec = BuiltInModel | { readonly trainer: RegisteredUse };

/** Many models, each trained on the training rows and judged by its loss on the validation rows, or over folds; the cycle goes on with the best. */
export interface StudySpec {
  /** A model with a space in place of any value: `{ float: [low, high] }`, `{ log: [low, high] }`, `{ int: [low, high] }`, `{ oneOf: [option, …] }`. */
  readonly of: unknown;
  /** How many models are trained. */
  readonly trials: number;
  /** Trials at once. Trial n is chosen by the outcomes of all trials up to n − parallelism, whichever end first. */
  readonly parallelism: number;
  /** `tpe` chooses by what earlier trials show (tree-structured Parzen estimator), `random` by chance. */
  readonly sampler: 'tpe' | 'random';
  /** For the choices, and the folds. */
  readonly seed: number;
  /** After so long no trial starts; those that run end. Default: all trials are run, however long they take. */
  readonly within?: WallDuration;
  /**
   * Each trial is judged over this number of folds of the training rows, as the split tells rows apart, with features fitted for each fold. Its loss is the
   * mean of the folds' losses. Default: it is judged by the validation rows.
   */
  readonly folds?: number;
  /** Networks train in stages, and those that lag behind end early. Default: each is trained to its end. */
  readonly rungs?: StudyRungs;
}

/** Successive halving (ASHA): after `first` epochs, and after `eta` times as many again and again, a network goes on only where its loss is among the best. */
export interface StudyRungs {
  /** Epochs of the first rung. */
  readonly first: number;
  /** Each rung has so many times the epochs of the one before, and one of so many trials goes on from it. */
  readonly eta: number;
}

export type ModelDefinition = ModelSpec | { readonly study: StudySpec };

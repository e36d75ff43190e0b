/** How a model is trained. */
import type { RegisteredUse } from './reader';

/** The built-in trainer: a multi-layer perceptron as one training graph, binary cross-entropy, Adam. */
export interface NetworkSpec {
  /** Neurons of each hidden layer. */
  readonly hidden: readonly number[];
  /** Rows of one step of Adam. */
  readonly batch: number;
  /** Adam's step size. */
  readonly learningRate: number;
  /** Times that all training rows are seen. */
  readonly epochs: number;
  /** Whole epochs are dropped until epochs × rows fits; at least one is run. */
  readonly maxRowsSeen: number;
  /** For the weights and the order of rows. */
  readonly seed: number;
}
export type ModelDefinition = { readonly network: NetworkSpec } | { readonly trainer: RegisteredUse };

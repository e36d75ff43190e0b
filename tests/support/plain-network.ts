/** What a network has where its definition says nothing else. */
import type { NetworkSpec } from '../../src/domain/definition';

export const PLAIN_NETWORK = {
  activation: 'relu',
  normalization: 'none',
  dropout: 0,
  residual: false,
  initialWeights: 'glorot',
  optimizer: 'adam',
  momentum: 0.9,
  weightDecay: 0,
  schedule: 'constant',
  warmUp: 0,
  classWeights: 'equal',
  patience: 5,
} as const satisfies Partial<NetworkSpec>;

import type { Scores } from '../../src/domain/scores';

/** Scores of one number a row. */
export function oneNumber(values: Float32Array): Scores {
  return { width: 1, values };
}

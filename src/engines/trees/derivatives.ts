/**
 * Gradients and hessians as whole numbers: each round's largest fits 29 bits, so that a sum over any rows is exact, in int64
 * and in a double. A sum then depends on its rows alone, and what is left of a node without one child is the other to the bit.
 */
import { MlopsError } from '../../domain/errors';
import type { Derivatives } from '../train/loss';

const MOST_BITS = 29;
/** Of sums, so that a double holds them. */
const SUM_BITS = 52;

export interface Sums {
  /** Whole numbers: sums over all rows. */
  readonly g: number;
  readonly h: number;
  /** What 1 of them is worth. */
  readonly gUnit: number;
  readonly hUnit: number;
}

/**
 * @param taken 1 for the rows that the tree learns from; absent: all
 * @param into int32 [rows, 2]
 * @throws MlopsError MLOPS_TRAINING_DIVERGED: one is not finite
 */
export function wholeNumbers(
  { gradient, hessian }: Derivatives,
  taken: Uint8Array | undefined,
  into: Int32Array
): Sums {
  const rows = gradient.length;
  const bits = Math.min(MOST_BITS, SUM_BITS - Math.ceil(Math.log2(rows + 1)));
  const gScale = scaleOf(gradient, bits);
  const hScale = scaleOf(hessian, bits);
  let g = 0;
  let h = 0;
  for (let row = 0; row < rows; row += 1) {
    const isTaken = taken === undefined || taken[row] === 1;
    // A row that counts has a weight, so that a bin without one is seen to be empty.
    const gRow = isTaken ? Math.round(gradient[row]! * gScale) : 0;
    const hRow = isTaken ? Math.max(1, Math.round(hessian[row]! * hScale)) : 0;
    into[2 * row] = gRow;
    into[2 * row + 1] = hRow;
    g += gRow;
    h += hRow;
  }
  return { g, h, gUnit: 1 / gScale, hUnit: 1 / hScale };
}

/** A power of two. */
function scaleOf(values: Float64Array, bits: number): number {
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    // Not a number is not smaller either.
    if (!(size <= largest)) largest = size;
  }
  if (!Number.isFinite(largest)) {
    const what = 'A gradient is not a finite number any more.';
    throw new MlopsError('MLOPS_TRAINING_DIVERGED', what, {}, 'Lower learningRate; look at the labels.');
  }
  return largest === 0 ? 1 : 2 ** (bits - 1 - Math.floor(Math.log2(largest)));
}

/**
 * The law of a group of rows under no change: if reference and window are one population cut in two at random, then of
 * `of` rows of any group, the window holds as many as a draw without replacement gives it. Exact for any counts.
 */
import { logFactorial } from './log-factorial';

export interface Draw {
  /** Rows of the group, in both parts together. */
  readonly of: number;
  /** Rows of the window. */
  readonly window: number;
  /** Rows of the reference. */
  readonly reference: number;
}

/**
 * P(a split as far from the expected one, or farther, on the same side), doubled: Fisher's exact test of two sides.
 * @param inWindow rows of the group that the window holds
 */
export function splitPValue(inWindow: number, draw: Draw): number {
  const upper = tail(inWindow, draw, 1);
  const lower = tail(inWindow, draw, -1);
  return Math.min(1, 2 * Math.min(upper, lower));
}

/** P(the window holds all rows of the group). */
export function logAllInWindow({ of, window, reference }: Draw): number {
  if (of > window) return Number.NEGATIVE_INFINITY;
  const both = window + reference;
  return logFactorial(window) - logFactorial(window - of) - logFactorial(both) + logFactorial(both - of);
}

/** P(K >= k) for step 1, P(K <= k) for step −1: each term from its neighbour, since logarithms of all would be slow. */
function tail(k: number, { of, window, reference }: Draw, step: 1 | -1): number {
  const least = Math.max(0, of - reference);
  const most = Math.min(of, window);
  let term = Math.exp(logMass(k, { of, window, reference }));
  let sum = 0;
  for (let i = k; i >= least && i <= most; i += step) {
    sum += term;
    const grows = (of - i) * (window - i);
    const shrinks = i * (reference - of + i);
    term *= step === 1 ? grows / ((i + 1) * (reference - of + i + 1)) : shrinks / ((of - i + 1) * (window - i + 1));
    if (term < sum * Number.EPSILON) break;
  }
  return Math.min(1, sum);
}

function logMass(k: number, { of, window, reference }: Draw): number {
  return logChoose(window, k) + logChoose(reference, of - k) - logChoose(window + reference, of);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

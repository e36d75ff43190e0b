/**
 * Isotonic regression by pooling adjacent violators (Barlow et al. 1972), with straight lines between the pools as scikit-learn's
 * IsotonicRegression has them. Pools are compared as whole numbers, so that the curve follows from the rows alone.
 */
import type { Isotonic } from './calibrator';

interface Pool {
  readonly first: number;
  readonly last: number;
  readonly rows: number;
  /** Rows whose label is 1. */
  readonly ones: number;
}

/** @param logits [rows], finite; @param labels 0 or 1 of each */
export function fitIsotonic(logits: Float32Array, labels: Float32Array): Isotonic {
  const pools: Pool[] = [];
  for (const one of distinct(logits, labels)) {
    let pool = one;
    for (let below = pools.at(-1); below !== undefined && isNotBelow(below, pool); below = pools.at(-1)) {
      pools.pop();
      pool = { first: below.first, last: pool.last, rows: below.rows + pool.rows, ones: below.ones + pool.ones };
    }
    pools.push(pool);
  }
  const points = pools.flatMap(({ first, last, rows, ones }) =>
    (first === last ? [first] : [first, last]).map((logit) => ({ logit, rate: ones / rows }))
  );
  return { method: 'isotonic', logits: points.map(({ logit }) => logit), rates: points.map(({ rate }) => rate) };
}

function isNotBelow(one: Pool, other: Pool): boolean {
  return one.ones * other.rows >= other.ones * one.rows;
}

/** Each logit once, rising. */
function* distinct(logits: Float32Array, labels: Float32Array): Generator<Pool> {
  // Typed arrays sort themselves many times faster than by a comparison.
  const [zeros, ones] = [0, 1].map((label) => logits.filter((_, row) => labels[row] === label).sort());
  let [zero, one] = [0, 0];
  while (zero < zeros!.length || one < ones!.length) {
    const logit = Math.min(zeros![zero] ?? Infinity, ones![one] ?? Infinity);
    const [zeroFrom, oneFrom] = [zero, one];
    while (zeros![zero] === logit) zero += 1;
    while (ones![one] === logit) one += 1;
    yield { first: logit, last: logit, rows: zero - zeroFrom + one - oneFrom, ones: one - oneFrom };
  }
}

/** Intervals that know that rows of one block depend on each other: t with blocks − 1 degrees of freedom. */
import type { Interval } from '../../domain/evaluation';
import { UNBOUNDED } from '../../domain/intervals';
import { total } from './blocks';
import { tQuantile } from '../../domain/student-t';

/**
 * A mean, by the ratio estimator Σ sums / Σ counts. Its standard error is that of the blocks' residuals
 * sums − mean · counts, times k / (k − 1): the cluster-robust one (Cochran, Sampling Techniques, 3rd ed., 6.4 and 9A;
 * with blocks of one size, t on block means).
 * @param sums [blocks] of the rows' values; @param counts [blocks] rows
 */
export function meanInterval(sums: Float64Array, counts: Float64Array, confidence: number, of: string): Interval {
  const rows = total(counts);
  const estimate = total(sums) / rows;
  const blocks = sums.length;
  const method = `t on ${of} blocks`;
  if (blocks < 2) return unbounded(estimate, blocks, confidence);
  let squares = 0;
  for (let b = 0; b < blocks; b += 1) squares += ((sums[b]! - estimate * counts[b]!) / rows) ** 2;
  return around(estimate, Math.sqrt((squares * blocks) / (blocks - 1)), blocks, confidence, method);
}

/**
 * Any other statistic, by the delete-one-block jackknife: the variance is (k − 1)/k Σ (θ₍ᵦ₎ − mean θ₍·₎)²
 * (Efron & Tibshirani, An Introduction to the Bootstrap, 11; for clusters MacKinnon, Nielsen & Webb 2023, "CV3").
 * @param without [blocks] the statistic over all rows but those of a block
 */
export function jackknifeInterval(estimate: number, without: Float64Array, confidence: number, of: string): Interval {
  const blocks = without.length;
  if (blocks < 2 || !without.every(Number.isFinite)) return unbounded(estimate, blocks, confidence);
  const mean = total(without) / blocks;
  let squares = 0;
  for (const value of without) squares += (value - mean) ** 2;
  return around(estimate, Math.sqrt((squares * (blocks - 1)) / blocks), blocks, confidence, `${of} jackknife`);
}

function around(estimate: number, error: number, blocks: number, confidence: number, method: string): Interval {
  const half = tQuantile(confidence, blocks - 1) * error;
  return { estimate, low: estimate - half, high: estimate + half, blocks, confidence, method };
}

function unbounded(estimate: number, blocks: number, confidence: number): Interval {
  return { estimate, low: -UNBOUNDED, high: UNBOUNDED, blocks, confidence, method: 'none: too few blocks' };
}

/** Whether the interval lies on one side of zero. */
export function excludesZero({ low, high }: Pick<Interval, 'low' | 'high'>): boolean {
  return low > 0 || high < 0;
}

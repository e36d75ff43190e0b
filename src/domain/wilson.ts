/**
 * Wilson's score interval of a share: unlike Wald's it is never empty, and never leaves 0…1. E. B. Wilson, Probable
 * inference, the law of succession, and statistical inference, Journal of the American Statistical Association 22 (1927)
 * 209-212, doi:10.1080/01621459.1927.10502953.
 */
import type { ShareEstimate } from './records';

/** The normal law's quantile of 0.975: bounds of 95 %. */
const Z = 1.959963984540054;

/** @param of at least 1 */
export function wilson(count: number, of: number): ShareEstimate {
  const share = count / of;
  const centre = (count + (Z * Z) / 2) / (of + Z * Z);
  const half = (Z * Math.sqrt((count * (of - count)) / of + (Z * Z) / 4)) / (of + Z * Z);
  return {
    share,
    low: count === 0 ? 0 : Math.max(0, centre - half),
    high: count === of ? 1 : Math.min(1, centre + half),
  };
}

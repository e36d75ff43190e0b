/**
 * Numbers as bins. Bin b of a column holds bounds[b − 1] < x ≤ bounds[b]; the last bound is +∞, so that later rows have a
 * bin, too, and NaN has the bin behind it. Every other bound is a number of the training rows, as it is: a model that
 * compares x ≤ bound in float32 puts each row where training had it.
 */
import { MlopsError } from '../../domain/errors';

/** With the bin of missing values 256, one byte. */
const MOST_BINS = 255;

/** Row-major, [rows, width]. */
export interface DenseColumns {
  readonly rows: number;
  readonly width: number;
  readonly dense: Float32Array;
}

/**
 * The bounds of each column: of at most 255 distinct numbers each has a bin, of more the bins hold about as many rows each.
 * @throws MlopsError MLOPS_FEATURE_INVALID for an infinite number
 */
export function boundsOf({ rows, width, dense }: DenseColumns): readonly Float32Array[] {
  return Array.from({ length: width }, (_, column) => {
    const values = new Float32Array(rows);
    for (let row = 0, at = column; row < rows; row += 1, at += width) values[row] = dense[at]!;
    return boundsOfColumn(values, column);
  });
}

/** @param values sorted in place */
function boundsOfColumn(values: Float32Array, column: number): Float32Array {
  // NaN comes last.
  values.sort();
  let known = values.length;
  while (known > 0 && Number.isNaN(values[known - 1]!)) known -= 1;
  if (known > 0 && (values[0] === -Infinity || values[known - 1] === Infinity)) {
    const fix = 'Trees take finite numbers and missing ones (NaN): clip the feature.';
    throw new MlopsError('MLOPS_FEATURE_INVALID', 'A feature is infinite.', { feature: column }, fix);
  }
  return Float32Array.from([...lastNumbers(values.subarray(0, known)).slice(0, -1), Infinity]);
}

/** Of each bin the last number. −0 and 0 are one. */
function lastNumbers(sorted: Float32Array): readonly number[] {
  const numbers: number[] = [];
  const isOwn = distinctUpTo(sorted, MOST_BINS + 1) <= MOST_BINS;
  let [filled, left, bins] = [0, sorted.length, MOST_BINS];
  for (let at = 0; at < sorted.length; ) {
    const number = sorted[at]!;
    const from = at;
    while (at < sorted.length && sorted[at] === number) at += 1;
    filled += at - from;
    // A bin is full once it has its share of the rows that are left.
    if (!isOwn && at < sorted.length && filled * bins < left) continue;
    numbers.push(number);
    left -= filled;
    filled = 0;
    bins = Math.max(1, bins - 1);
  }
  return numbers;
}

function distinctUpTo(sorted: Float32Array, most: number): number {
  let count = 0;
  for (let at = 0; at < sorted.length && count < most; at += 1)
    if (at === 0 || sorted[at] !== sorted[at - 1]) count += 1;
  return count;
}

/** The bins of one column's numbers; `into` is [rows]. */
export function putInBins(
  { rows, width, dense }: DenseColumns,
  column: number,
  bounds: Float32Array,
  into: Uint8Array
): void {
  const missing = bounds.length;
  for (let row = 0, at = column; row < rows; row += 1, at += width) {
    const value = dense[at]!;
    if (Number.isNaN(value)) {
      into[row] = missing;
      continue;
    }
    let low = 0;
    let high = missing - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    into[row] = low;
  }
}

/** Statistics of the numbers that are there (NaN is missing), row after row: the same rows give the same bits. */

/** Squares of numbers beyond these leave the range of a double. */
const LARGE = 1e150;
const SMALL = 1e-150;

/**
 * Mean and standard deviation, in two passes. Of numbers without spread, or of none, the deviation is 1, so that they
 * standardize to 0.
 */
export function momentsOf(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  const scale = scaleOf(values);
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count += 1;
    sum += value / scale;
  }
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  for (const value of values) {
    if (!Number.isNaN(value)) squares += (value / scale - mean) * (value / scale - mean);
  }
  // Rounding alone makes so much of equal numbers, whose mean is not quite one of them (scikit-learn's bound).
  const noise = (count * mean * Number.EPSILON) ** 2;
  const deviation = squares / count > noise ? scale * Math.sqrt(squares / count) : 0;
  return { mean: mean * scale, deviation: divisor(deviation) };
}

export function meanOf(values: Float64Array): number {
  return momentsOf(values).mean;
}

/** The numbers in ascending order. */
export function sorted(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/** Between the two numbers around it, as NumPy's method `linear`; 0 of none. */
export function quantile(ascending: Float64Array, share: number): number {
  if (ascending.length === 0) return 0;
  const at = (ascending.length - 1) * share;
  const [a, b] = [ascending[Math.floor(at)]!, ascending[Math.ceil(at)]!];
  const part = at - Math.floor(at);
  const distance = finite(b - a);
  return part < 0.5 ? a + distance * part : b - distance * (1 - part);
}

/** What numbers may be divided by: 1 for no distance at all. */
export function divisor(distance: number): number {
  return distance > 0 ? finite(distance) : 1;
}

function finite(x: number): number {
  return Math.min(x, Number.MAX_VALUE);
}

function scaleOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest > LARGE || (largest < SMALL && largest > 0) ? largest : 1;
}

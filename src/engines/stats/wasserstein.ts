/** First Wasserstein distance between a window and a reference that is kept as quantiles, in the reference's σ. */
export interface Spread {
  readonly deviation: number;
  /** The reference's quantiles at (i + ½)/points. */
  readonly quantiles: readonly number[];
}

const POINTS = 200;

/** Undefined where there is no spread to measure in. */
export function spreadOf(values: Float64Array | Float32Array): Spread | undefined {
  const sorted = present(values);
  if (sorted.length === 0) return undefined;
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / sorted.length;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / sorted.length);
  return deviation > 0 ? { deviation, quantiles: quantilesOf(sorted) } : undefined;
}

/**
 * Mean |difference of quantiles| ÷ σ: the distance ∫ |F⁻¹ − G⁻¹| by its midpoint sum. A shift by one σ gives 1.
 * Undefined for a window without a value.
 */
export function wassersteinOf(
  { deviation, quantiles }: Spread,
  values: Float64Array | Float32Array
): number | undefined {
  const sorted = present(values);
  if (sorted.length === 0) return undefined;
  const own = quantilesOf(sorted, quantiles.length);
  let sum = 0;
  for (let i = 0; i < quantiles.length; i += 1) sum += Math.abs(own[i]! - quantiles[i]!);
  return sum / quantiles.length / deviation;
}

function present(values: Float64Array | Float32Array): Float64Array {
  return Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
}

/** Of a sorted sample, linear between its points (Hyndman & Fan's type 5). */
function quantilesOf(sorted: Float64Array, points = POINTS): readonly number[] {
  return Array.from({ length: points }, (_, i) => {
    const at = Math.min(sorted.length - 1, Math.max(0, ((i + 0.5) / points) * sorted.length - 0.5));
    const below = Math.floor(at);
    const low = sorted[below]!;
    return low + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
  });
}

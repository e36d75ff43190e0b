/** The normal distribution within bounds. */
import type { Random } from '../train/random';

/** Beyond, the distribution function is 0 or 1 in double precision. */
const FAR = 8.3;

/** P(Z <= z). Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.2.11: a series without cancellation. */
export function normalBelow(z: number): number {
  if (z < -FAR) return 0;
  if (z > FAR) return 1;
  let term = z;
  let sum = 0;
  for (let k = 3; sum + term !== sum; k += 2) {
    sum += term;
    term *= (z * z) / k;
  }
  return 0.5 + sum * normalDensity(z);
}

export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** A standard normal number (Box and Muller, 1958). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log((random() + 1) / 2 ** 32));
  return radius * Math.cos(2 * Math.PI * unit(random));
}

/** In [0, 1). */
export function unit(random: Random): number {
  return random() / 2 ** 32;
}

/** Normal, drawn again while out of bounds: at least one of three is within them where mean lies there and spread is at most their distance. */
export function normalWithin(random: Random, mean: number, spread: number, low: number, high: number): number {
  for (;;) {
    const value = mean + spread * normal(random);
    if (value >= low && value <= high) return value;
  }
}

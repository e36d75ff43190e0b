/** Student's t with whole degrees of freedom. */
const ITERATIONS = 200;

/**
 * P(|T| <= t), exact finite sums.
 * Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
export function tWithin(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const cos = Math.cos(theta);
  const odd = degrees % 2 === 1;
  let term = odd ? cos : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    sum += term;
  }
  const tail = Math.sin(theta) * sum;
  return odd ? (2 / Math.PI) * (theta + tail) : tail;
}

/** t so that P(|T| <= t) = confidence: 2.4469 for 0.95 and 6 degrees of freedom. */
export function tQuantile(confidence: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (tWithin(high, degrees) < confidence) high *= 2;
  for (let i = 0; i < ITERATIONS && low < high; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (tWithin(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return high;
}

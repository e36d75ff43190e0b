/** One-sided exact tests on counts: they know n, and hold for the smallest. Pure arithmetic on integers. */

/**
 * Fisher's exact test: the probability of at least `a` events in the first group, given how many there are in both.
 * @param a events of `n` in the first group, `b` of `m` in the second
 */
export function fisherGreater(a: number, n: number, b: number, m: number): number {
  const events = a + b;
  const most = Math.min(n, events);
  const logAt = (x: number) => logChoose(events, x) + logChoose(n + m - events, n - x) - logChoose(n + m, n);
  return tail(a, most, Math.exp(logAt(a)), (x) => ((events - x) * (n - x)) / ((x + 1) * (m - events + x + 1)));
}

/** The binomial test: the probability of at least `k` events in `n` where each has probability `p`, 0 < p < 1. */
export function binomialGreater(k: number, n: number, p: number): number {
  const logAt = logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p);
  return tail(k, n, Math.exp(logAt), (x) => ((n - x) / (x + 1)) * (p / (1 - p)));
}

/** The sum of probabilities from `from` on, the first one given and each next one by its ratio to the one before. */
function tail(from: number, to: number, first: number, ratio: (x: number) => number): number {
  let sum = 0;
  let term = first;
  for (let x = from; x <= to; x += 1) {
    sum += term;
    const next = term * ratio(x);
    if (next < term && next < sum * Number.EPSILON) break;
    term = next;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series; the error of its first term left out is below 1e-13 from 20 on. */
function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1;
    for (let i = 2; i <= n; i += 1) product *= i;
    return Math.log(product);
  }
  const x = 1 / (n * n);
  const series = (1 / 12 - x * (1 / 360 - x * (1 / 1260 - x / 1680))) / n;
  return (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + series;
}

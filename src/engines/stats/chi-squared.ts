/** χ² with whole degrees of freedom: its upper tail, not 1 − CDF, which is 0 long before the tail is. */
const EPSILON = 1e-16;
const TINY = 1e-300;
const ITERATIONS = 10_000;

/**
 * P(χ² > x): the regularized incomplete gamma function Q(degrees/2, x/2), by its series below the mean and by its
 * continued fraction above. Source: Press et al., Numerical Recipes, 3rd ed., 6.2 (the fraction by Lentz's method).
 */
export function chiSquaredTail(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const a = degrees / 2;
  const half = x / 2;
  const scale = Math.exp(a * Math.log(half) - half - logGammaOfHalves(degrees));
  return half < a + 1 ? 1 - scale * series(a, half) : scale * fraction(a, half);
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; k < ITERATIONS && Math.abs(term) > Math.abs(sum) * EPSILON; k += 1) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < ITERATIONS; i += 1) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) <= EPSILON * 10) break;
  }
  return h;
}

const nonZero = (x: number) => (Math.abs(x) < TINY ? TINY : x);

/** ln Γ(n/2), by Γ(z + 1) = z Γ(z) from Γ(1/2) = √π and Γ(1) = 1. */
function logGammaOfHalves(n: number): number {
  let sum = n % 2 === 1 ? Math.log(Math.PI) / 2 : 0;
  for (let twice = n % 2 === 1 ? 1 : 2; twice < n; twice += 2) sum += Math.log(twice / 2);
  return sum;
}

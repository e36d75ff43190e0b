/**
 * Yeo and Johnson's power (Biometrika 87, 2000): ((x + 1)^λ − 1) ÷ λ from 0 on, −((1 − x)^(2 − λ) − 1) ÷ (2 − λ) below it, and
 * logarithms where the exponent is 0. λ is the one of the greatest likelihood. Standardized.
 */
import { perFeature, rowsOf } from './emitter';
import { finiteOnly, mapped, type NumberKind } from './number-kind';
import { momentsOf } from './statistics';

/** An exponent so near to 0 counts as 0: the difference of two numbers near 1, over it, would be noise. */
const ALMOST_0 = 1e-8;
/** λ lies between them; 1 changes nothing. */
const LEAST = -8;
const GREATEST = 10;
const TOLERANCE = 1e-9;

export const power: NumberKind<'power'> = {
  fit: (_, [column]) => {
    const values = mapped(column, (x) => x);
    const lambda = likeliest(values);
    return { lambda, ...momentsOf(finiteOnly(values.map((x) => powerOf(x, lambda)))), fill: 0 };
  },
  values: ({ lambda, mean, deviation }, [column]) => mapped(column, (x) => (powerOf(x, lambda) - mean) / deviation),
  emit: (o, features, inputs) => {
    const numbers = rowsOf(features, inputs);
    const isBelow = o.not(o.lessOrEqual(o.scalar(0, 'float64'), numbers));
    const perRow = (above: readonly number[], below: readonly number[]) =>
      o.where(isBelow, perFeature(o, 'float64', below), perFeature(o, 'float64', above));
    const exponents = features.map(({ lambda }) => [lambda, 2 - lambda].map((x) => (isAlmost0(x) ? 0 : x)));
    const exponent = perRow(
      exponents.map(([above]) => above!),
      exponents.map(([, below]) => below!)
    );
    const logarithm = o.log(o.add(o.abs(numbers), o.scalar(1, 'float64')));
    const is0 = o.equal(exponent, o.scalar(0, 'float64'));
    const one = o.scalar(1, 'float64');
    const powers = o.div(o.sub(o.exp(o.mul(exponent, logarithm)), one), o.where(is0, one, exponent));
    const size = o.where(is0, logarithm, powers);
    const signed = o.where(isBelow, o.neg(size), size);
    const means = perFeature(
      o,
      'float64',
      features.map(({ mean }) => mean)
    );
    return o.div(
      o.sub(signed, means),
      perFeature(
        o,
        'float64',
        features.map(({ deviation }) => deviation)
      )
    );
  },
};

function isAlmost0(exponent: number): boolean {
  return Math.abs(exponent) < ALMOST_0;
}

function powerOf(x: number, lambda: number): number {
  const exponent = x >= 0 ? lambda : 2 - lambda;
  const logarithm = Math.log1p(Math.abs(x));
  const size = isAlmost0(exponent) ? logarithm : Math.expm1(exponent * logarithm) / exponent;
  return x >= 0 ? size : -size;
}

/** By golden section; 1 for numbers without spread, and for such that no power brings into range. */
function likeliest(values: Float64Array): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [LEAST, GREATEST];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [likelihood(values, a), likelihood(values, b)];
  while (high - low > TOLERANCE) {
    if (atA > atB) {
      [high, b, atB] = [b, a, atA];
      a = high - ratio * (high - low);
      atA = likelihood(values, a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + ratio * (high - low);
      atB = likelihood(values, b);
    }
  }
  const lambda = (low + high) / 2;
  return likelihood(values, lambda) > likelihood(values, 1) ? lambda : 1;
}

/** Up to a constant; −∞ where the powers leave the range of a double, or have no spread. */
function likelihood(values: Float64Array, lambda: number): number {
  let [count, sum, logarithms] = [0, 0, 0];
  for (const x of values) {
    if (Number.isNaN(x)) continue;
    count += 1;
    sum += powerOf(x, lambda);
    logarithms += Math.sign(x) * Math.log1p(Math.abs(x));
  }
  const mean = sum / count;
  let squares = 0;
  for (const x of values) if (!Number.isNaN(x)) squares += (powerOf(x, lambda) - mean) ** 2;
  const result = (lambda - 1) * logarithms - (count / 2) * Math.log(squares / count);
  return Number.isFinite(result) ? result : Number.NEGATIVE_INFINITY;
}

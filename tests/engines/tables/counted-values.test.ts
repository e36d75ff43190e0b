/** A column's figures from its values in order: known figures, and the same whatever chunks they come in. */
import fc from 'fast-check';
import { CountedValues } from '../../../src/engines/tables/counted-values';

type Pair = readonly [value: number, count: number];

function figuresOf(pairs: readonly Pair[], chunk = pairs.length) {
  const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
  const present = sorted.reduce((sum, [, count]) => sum + count, 0);
  const values = new CountedValues({ present, low: sorted[0]?.[0] ?? 0, high: sorted.at(-1)?.[0] ?? 0 });
  for (let from = 0; from < sorted.length; from += chunk) {
    const part = sorted.slice(from, from + chunk);
    const [x, n] = [Float64Array.from(part, ([v]) => v), Float64Array.from(part, ([, count]) => count)];
    values.add(x, n, part.length, (i) => x[i]!);
  }
  const { distinct, top, moments, spread } = values;
  return { distinct, top, moments, spread };
}

test('moments are those of their definition', () => {
  const { moments } = figuresOf([
    [1, 1],
    [2, 2],
    [3, 1],
    [10, 1],
  ]);
  const values = [1, 2, 2, 3, 10];
  const mean = 3.6;
  const m = (power: number) => values.reduce((sum, v) => sum + (v - mean) ** power, 0) / 5;
  expect(moments!.mean).toBeCloseTo(mean, 12);
  expect(moments!.deviation).toBeCloseTo(Math.sqrt(m(2)), 12);
  expect(moments!.skewness).toBeCloseTo(m(3) / m(2) ** 1.5, 12);
  expect(moments!.excessKurtosis).toBeCloseTo(m(4) / m(2) ** 2 - 3, 12);
});

test('quantiles are values of the column, the median the lower one; bins have equal width', () => {
  const { spread } = figuresOf(Array.from({ length: 100 }, (_, i) => [i, 1] as const));
  expect(spread!.quantiles).toEqual({
    '0.01': 0,
    '0.05': 4,
    '0.25': 24,
    '0.5': 49,
    '0.75': 74,
    '0.95': 94,
    '0.99': 98,
  });
  expect(spread!.histogram).toEqual(new Array(20).fill(5));
});

test('the ten most frequent, of equally frequent ones the least', () => {
  const pairs = Array.from({ length: 30 }, (_, i) => [i, i === 7 ? 9 : i % 3 === 0 ? 2 : 1] as const);
  const { top } = figuresOf(pairs);
  expect(top.map(({ value }) => value)).toEqual(['7', '0', '3', '6', '9', '12', '15', '18', '21', '24']);
});

test('no value, one value, infinite ones and huge ones have no figure that JSON lacks', () => {
  expect(figuresOf([])).toEqual({ distinct: 0, top: [], moments: undefined, spread: undefined });
  expect(figuresOf([[5, 3]])).toMatchObject({
    moments: { mean: 5, deviation: 0, skewness: 0, excessKurtosis: 0 },
    spread: { min: 5, max: 5 },
  });
  expect(
    figuresOf([
      [1, 1],
      [Infinity, 1],
    ]).moments
  ).toBeUndefined();
  expect(
    figuresOf([
      [-1.7e308, 1],
      [1.7e308, 1],
    ])
  ).toMatchObject({ moments: undefined, distinct: 2 });
});

test('the same to the bit in whatever chunks the values come', () => {
  const pairs = fc.uniqueArray(
    fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 9 })),
    {
      selector: ([value]) => value,
      minLength: 1,
    }
  );
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 7 }), (given, chunk) =>
      expect(figuresOf(given, chunk)).toEqual(figuresOf(given))
    )
  );
});

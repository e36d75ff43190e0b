import { binomialGreater, fisherGreater } from '../../src/domain/exact-tests';

test('Fisher: the tea tasting (Fisher 1935) and the table of SciPy’s documentation of fisher_exact', () => {
  expect(fisherGreater(3, 4, 1, 4)).toBeCloseTo(17 / 70, 14);
  expect(fisherGreater(4, 4, 0, 4)).toBeCloseTo(1 / 70, 14);
  // fisher_exact([[6, 2], [1, 4]], alternative='greater')
  expect(fisherGreater(6, 8, 1, 5)).toBeCloseTo(0.0862470862470862, 14);
});

test('binomial: the example of SciPy’s documentation of binomtest', () => {
  // binomtest(3, n=15, p=0.1, alternative='greater').pvalue
  expect(binomialGreater(3, 15, 0.1)).toBeCloseTo(0.18406106910639114, 14);
  expect(binomialGreater(0, 15, 0.1)).toBeCloseTo(1, 12);
  expect(binomialGreater(15, 15, 0.1)).toBeCloseTo(1e-15, 20);
});

test('both agree with sums in whole numbers, and hold for millions', () => {
  const choose = (n: bigint, k: bigint): bigint => (k === 0n ? 1n : (choose(n - 1n, k - 1n) * n) / k);
  const exact = (a: number, n: number, b: number, m: number) => {
    let sum = 0n;
    for (let x = a; x <= Math.min(n, a + b); x += 1) {
      if (a + b - x <= m) sum += choose(BigInt(n), BigInt(x)) * choose(BigInt(m), BigInt(a + b - x));
    }
    return Number((sum * 10n ** 15n) / choose(BigInt(n + m), BigInt(a + b))) / 1e15;
  };
  for (const [a, n, b, m] of [
    [3, 200, 0, 800],
    [3, 200, 10, 1000],
    [0, 5, 3, 5],
    [40, 50, 45, 50],
    [7, 7, 9, 60],
  ] as const) {
    expect(fisherGreater(a, n, b, m)).toBeCloseTo(exact(a, n, b, m), 11);
  }
  expect(fisherGreater(0, 10, 0, 0)).toBe(1);
  expect(fisherGreater(50, 1_000_000, 50, 1_000_000)).toBeCloseTo(0.54, 2);
  expect(binomialGreater(10_000, 1_000_000, 0.01)).toBeCloseTo(0.5, 2);
});

import { logAllInWindow, splitPValue } from '../../../src/engines/stats/hypergeometric';
import { logFactorial } from '../../../src/engines/stats/log-factorial';
import { outsideRange, unseenCategories } from '../../../src/engines/stats/unseen';

test.each([
  [0, 0],
  [1, 0],
  [10, 15.104412573075516],
  [100, 363.73937555556347],
  [1_000_000, 12815518.384658169],
])('ln %d! is %d (scipy 1.17.1: special.gammaln)', (n, value) => {
  expect(logFactorial(n)).toBeCloseTo(value, 6);
});

describe('a split of a group', () => {
  test("Fisher's tea: three of four cups or more have 17/70", () => {
    // Fisher, The Design of Experiments, 1935, II: eight cups, four with the milk first.
    expect(splitPValue(3, { of: 4, window: 4, reference: 4 })).toBeCloseTo((2 * 17) / 70, 12);
    expect(splitPValue(4, { of: 4, window: 4, reference: 4 })).toBeCloseTo(2 / 70, 12);
    expect(splitPValue(0, { of: 4, window: 4, reference: 4 })).toBeCloseTo(2 / 70, 12);
  });

  test('is not computed wrong where it is certain or impossible by chance', () => {
    expect(splitPValue(5, { of: 10, window: 1_000, reference: 1_000 })).toBe(1);
    expect(splitPValue(900, { of: 1_000, window: 1_000, reference: 100_000 })).toBeLessThan(1e-300);
    expect(splitPValue(0, { of: 3, window: 200, reference: 100_000 })).toBeCloseTo(1, 2);
  });
});

describe('unseen categories', () => {
  test('one row each: 5 of 5 in one half', () => {
    const exact = Math.exp(logAllInWindow({ of: 5, window: 500, reference: 500 }));
    const { pValue, expected } = unseenCategories(5, [1, 1, 1, 1, 1], { window: 500, reference: 500 });
    expect(expected).toBeCloseTo(2.5, 9);
    expect(pValue).toBeGreaterThanOrEqual(exact);
    expect(pValue).toBeCloseTo(1 / 32, 6);
  });

  test('the bound is not below the exact probability: every cut of small populations, counted', () => {
    for (const totals of [
      [1, 1, 1, 1, 1, 1],
      [3, 2, 1],
      [4, 1, 1, 2],
      [2, 2, 2, 2],
      [5, 3, 1, 1],
    ]) {
      const rows = totals.flatMap((count, category) => Array<number>(count).fill(category));
      const counts = new Map<number, number>();
      let cuts = 0;
      const window = Math.floor(rows.length / 2);
      for (let cut = 0; cut < 2 ** rows.length; cut += 1) {
        const inWindow = rows.map((_, row) => ((cut >> row) & 1) === 1);
        if (inWindow.filter(Boolean).length !== window) continue;
        cuts += 1;
        const kept = new Set(rows.filter((_, row) => !inWindow[row]));
        const unseen = rows.filter((category, row) => inWindow[row] && !kept.has(category)).length;
        counts.set(unseen, (counts.get(unseen) ?? 0) + 1);
      }
      for (let unseen = 1; unseen <= window; unseen += 1) {
        let more = 0;
        for (const [rowsUnseen, times] of counts) if (rowsUnseen >= unseen) more += times;
        const { pValue } = unseenCategories(unseen, totals, { window, reference: rows.length - window });
        expect(pValue).toBeGreaterThanOrEqual(more / cuts - 1e-9);
      }
    }
  });
});

test('outside of the range: none has p 1, the bound is k + 1 times that of one side', () => {
  expect(outsideRange(0, { window: 1_000, reference: 1_000 }).pValue).toBe(1);
  expect(outsideRange(10, { window: 1_000, reference: 1_000 }).pValue).toBeCloseTo(11 * 2 ** -10, 3);
  expect(outsideRange(100, { window: 1_000, reference: 1_000 }).pValue).toBeLessThan(1e-28);
});

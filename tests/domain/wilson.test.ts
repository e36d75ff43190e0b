import { wilson } from '../../src/domain/wilson';

// R. G. Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven methods, Statistics in Medicine
// 17 (1998) 857-872, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E: table I, method 3, which is
// Wilson's score method without continuity correction, to 95 %.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('the bounds of %d of %d are those of the literature', (count, of, low, high) => {
  const found = wilson(count, of);
  expect(found.share).toBe(count / of);
  expect(found.low).toBeCloseTo(low, 4);
  expect(found.high).toBeCloseTo(high, 4);
});

test('it never leaves 0…1, and is exact at the ends', () => {
  for (const rows of [1, 2, 1_000, 3_000_000]) {
    expect(wilson(rows, rows)).toMatchObject({ share: 1, high: 1 });
    expect(wilson(0, rows)).toMatchObject({ share: 0, low: 0 });
    expect(wilson(rows, rows).low).toBeCloseTo(1 - wilson(0, rows).high, 12);
  }
});

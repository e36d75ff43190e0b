import { chiSquaredTail } from '../../../src/engines/stats/chi-squared';
import { tQuantile, tWithin } from '../../../src/domain/student-t';

/** scipy 1.17.1: stats.t.ppf, stats.chi2.sf */
describe('the t distribution', () => {
  test.each([
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [3, 3.1824463052837078],
    [6, 2.4469118511449786],
    [13, 2.1603686564627913],
    [27, 2.0518305164802846],
    [100, 1.9839715185235518],
    [364, 1.966502568799364],
  ])('95 %% with %d degrees of freedom lie within %d', (degrees, quantile) => {
    expect(tQuantile(0.95, degrees)).toBeCloseTo(quantile, 10);
    expect(tWithin(quantile, degrees)).toBeCloseTo(0.95, 12);
  });

  test('99 % with 6 degrees', () => {
    expect(tQuantile(0.99, 6)).toBeCloseTo(3.7074280213248065, 10);
  });
});

describe('the χ² distribution', () => {
  test.each([
    [100, 5, 5.285148360943219e-20],
    [3.841458820694124, 1, 0.04999999999999989],
    [1, 1, 0.31731050786291115],
    [20, 10, 0.029252688076961124],
    [0.1, 7, 0.9999976885812014],
    [300, 200, 5.924540335483916e-6],
    [5, 2, 0.0820849986238988],
  ])('P(χ² > %d) with %d degrees of freedom is %d', (x, degrees, tail) => {
    expect(chiSquaredTail(x, degrees) / tail).toBeCloseTo(1, 9);
  });

  test('nothing lies below 0', () => {
    expect(chiSquaredTail(0, 3)).toBe(1);
  });
});

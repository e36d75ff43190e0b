import { blockCounts, blockSums, dayBlocks } from '../../../src/engines/stats/blocks';
import { excludesZero, jackknifeInterval, meanInterval } from '../../../src/engines/stats/intervals';
import { normals } from './reference-rows';

const DAY = 86_400_000_000n;
const times = (...days: number[]) => BigInt64Array.from(days, (day) => BigInt(day) * DAY + 3_600_000_000n);

describe('blocks', () => {
  test('are the days of event time, in order, also before 1970', () => {
    const blocks = dayBlocks(times(-1, 0, 0, 2));
    expect(blocks).toMatchObject({ of: 'day', names: ['1969-12-31', '1970-01-01', '1970-01-03'] });
    expect([...blocks.index]).toEqual([0, 1, 1, 2]);
    expect([...blockCounts(blocks)]).toEqual([1, 2, 1]);
    expect([...blockSums(blocks, (row) => row)]).toEqual([0, 3, 3]);
  });

  test('within one day are consecutive runs of rows, and say so', () => {
    const blocks = dayBlocks(times(...Array<number>(25).fill(7)));
    expect(blocks.of).toBe('run of rows');
    expect(blocks.names).toHaveLength(10);
    expect([...blocks.index]).toEqual([...blocks.index].sort((a, b) => a - b));
  });
});

describe('a mean by blocks', () => {
  test('of equal size is t on block means', () => {
    // Block means 1, 2, 3: mean 2, standard error 1/√3, t(0.975, 2) = 4.302653
    const interval = meanInterval(Float64Array.of(10, 20, 30), Float64Array.of(10, 10, 10), 0.95, 'day');
    expect(interval).toMatchObject({ estimate: 2, blocks: 3, confidence: 0.95, method: 't on day blocks' });
    expect(interval.high - 2).toBeCloseTo(4.302652729749462 / Math.sqrt(3), 10);
    expect(2 - interval.low).toBeCloseTo(4.302652729749462 / Math.sqrt(3), 10);
  });

  test('of unequal size by hand', () => {
    // Σ sums = 6, Σ counts = 4: mean 1.5; residuals 2 − 1.5 and 4 − 4.5; variance 2/1 · (0.25 + 0.25)/16
    const interval = meanInterval(Float64Array.of(2, 4), Float64Array.of(1, 3), 0.95, 'day');
    expect(interval.estimate).toBe(1.5);
    expect(interval.high - 1.5).toBeCloseTo(12.706204736174694 * 0.25, 9);
  });

  test('of one block excludes nothing', () => {
    const interval = meanInterval(Float64Array.of(2), Float64Array.of(1), 0.95, 'day');
    expect(interval).toMatchObject({ estimate: 2, blocks: 1, method: 'none: too few blocks' });
    expect(excludesZero(interval)).toBe(false);
    expect(JSON.parse(JSON.stringify(interval))).toEqual(interval);
  });

  test('covers the truth about as often as it claims, where days differ', () => {
    // 7 days of 100 rows: a day's own shift, and noise; independent rows would give an interval a tenth as wide.
    const normal = normals(11);
    const windows = 20_000;
    let covered = 0;
    for (let window = 0; window < windows; window += 1) {
      const sums = Float64Array.from({ length: 7 }, () => 100 * normal() + 10 * normal());
      const { low, high } = meanInterval(sums, new Float64Array(7).fill(100), 0.95, 'day');
      if (low <= 0 && high >= 0) covered += 1;
    }
    expect(covered / windows).toBeGreaterThan(0.94);
    expect(covered / windows).toBeLessThan(0.96);
  });
});

describe('the jackknife', () => {
  test('of a mean over equal blocks is t on block means', () => {
    const without = Float64Array.of(2.5, 2, 1.5);
    const mean = meanInterval(Float64Array.of(10, 20, 30), Float64Array.of(10, 10, 10), 0.95, 'day');
    const jackknife = jackknifeInterval(2, without, 0.95, 'day');
    expect(jackknife.method).toBe('day jackknife');
    expect(jackknife.low).toBeCloseTo(mean.low, 12);
    expect(jackknife.high).toBeCloseTo(mean.high, 12);
  });

  test('excludes nothing where the statistic is undefined without a block', () => {
    expect(excludesZero(jackknifeInterval(2, Float64Array.of(2, Number.NaN), 0.95, 'day'))).toBe(false);
  });
});

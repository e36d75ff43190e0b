import { biasOf } from '../../../src/engines/stats/bias';
import { dayBlocks } from '../../../src/engines/stats/blocks';
import { oneNumber } from '../../support/one-number';

const DAY = 86_400_000_000n;
const LIMITS = { floor: 0.06, confidence: 0.95, minRows: 200 };

/** 7 days of `rows` rows; on day d all scores are `score`, and the first `late[d]` labels are 1. */
function week(rows: number, score: number, late: readonly number[]) {
  const all = late.length * rows;
  return {
    target: 'binary' as const,
    scores: oneNumber(new Float32Array(all).fill(score)),
    labels: Float32Array.from({ length: all }, (_, row) => (row % rows < late[Math.floor(row / rows)]! ? 1 : 0)),
    blocks: dayBlocks(BigInt64Array.from({ length: all }, (_, row) => BigInt(Math.floor(row / rows)) * DAY)),
  };
}

test('by hand: day gaps of 0.05 … 0.11 are a level that is too high', () => {
  // Rates 0.20, 0.19 … 0.14 against 0.25: gaps 0.05 … 0.11, mean 0.08, sd of days 0.0216, se 0.00816, t(6) 2.4469
  const verdict = biasOf(week(100, 0.25, [20, 19, 18, 17, 16, 15, 14]), LIMITS);
  expect(verdict.meanPrediction).toBeCloseTo(0.25, 7);
  expect(verdict.meanTruth).toBeCloseTo(0.17, 7);
  expect(verdict.gap.estimate).toBeCloseTo(0.08, 7);
  expect(verdict.gap.low).toBeCloseTo(0.08 - 2.446911851 * 0.0081649658, 6);
  expect(verdict.gap).toMatchObject({ blocks: 7, method: 't on day blocks' });
  expect(verdict.verdict).toBe('above');
});

test('too low a level is below', () => {
  expect(biasOf(week(100, 0.1, [20, 19, 18, 17, 16, 15, 14]), LIMITS).verdict).toBe('below');
});

test('a gap under the floor is none, however sure', () => {
  expect(biasOf(week(100, 0.2, [15, 15, 15, 15, 15, 15, 15]), LIMITS).verdict).toBe('none');
});

test('a gap over the floor is none where the days disagree', () => {
  expect(biasOf(week(100, 0.25, [60, 0, 40, 0, 30, 0, 0]), LIMITS)).toMatchObject({ verdict: 'none' });
});

test.each([
  ['few rows', week(10, 0.9, [1, 1, 1, 1, 1, 1, 1])],
  ['a single day', week(1_000, 0.9, [1])],
  ['no row', week(0, 0.9, [0])],
])('%s are insufficient data', (_, rows) => {
  const verdict = biasOf(rows, LIMITS);
  expect(verdict.verdict).toBe('insufficient data');
  expect(JSON.stringify(verdict)).not.toContain('null');
});

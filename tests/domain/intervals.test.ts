import { intervalWords, UNBOUNDED } from '../../src/domain/intervals';
import { table } from '../../src/cli/table';

test('an interval of too few days is unbounded, in a sentence and in a table', () => {
  expect(intervalWords({ low: 0.0391, high: 0.117 })).toBe('0.039 to 0.117');
  expect(intervalWords({ low: -UNBOUNDED, high: UNBOUNDED })).toBe('unbounded');
  expect(table(['low', 'high'], [[-UNBOUNDED, UNBOUNDED]])).toBe('      low       high\nunbounded  unbounded');
});

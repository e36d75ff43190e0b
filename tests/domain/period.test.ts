import fc from 'fast-check';
import { lastWholePeriods, nextPeriod, periodOf } from '../../src/domain/period';

const WEEK = { days: 7, offsetDays: 0 };

test('weeks start on Thursday, as 1970-01-01 did', () => {
  expect(periodOf(WEEK, '2001-01-31T23:59:59Z')).toEqual({
    from: '2001-01-25T00:00:00.000Z',
    to: '2001-02-01T00:00:00.000Z',
  });
});

test('the last whole week that ended by February 1, 00:00 is that of January 25', () => {
  expect(lastWholePeriods(WEEK, 1, '2001-02-01T00:00:00Z')).toEqual({
    from: '2001-01-25T00:00:00.000Z',
    to: '2001-02-01T00:00:00.000Z',
  });
});

test('a period that is still running is not whole', () => {
  expect(lastWholePeriods(WEEK, 1, '2001-05-10T18:20:00Z')).toEqual({
    from: '2001-05-03T00:00:00.000Z',
    to: '2001-05-10T00:00:00.000Z',
  });
});

test('periods tile time: each moment is in exactly one, and the next begins where it ends', () => {
  const length = fc.record({ days: fc.integer({ min: 1, max: 60 }), offsetDays: fc.integer({ min: 0, max: 59 }) });
  const time = fc.integer({ min: -1e12, max: 4e12 }).map((ms) => new Date(ms).toISOString());
  fc.assert(
    fc.property(length, time, (each, at) => {
      const period = periodOf(each, at);
      expect(Date.parse(period.from)).toBeLessThanOrEqual(Date.parse(at));
      expect(Date.parse(at)).toBeLessThan(Date.parse(period.to));
      expect(Date.parse(period.to) - Date.parse(period.from)).toBe(each.days * 86_400_000);
      expect(nextPeriod(each, period).from).toBe(period.to);
    })
  );
});

import fc from 'fast-check';
import type { Period } from '../../src/domain/definition';
import {
  everyMs,
  lastWholePeriods,
  lengthOf,
  momentWords,
  nextPeriod,
  periodEnds,
  periodOf,
} from '../../src/domain/period';

const WEEK = { every: '7 days' };

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

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test.each<[string, Period, string, string, string]>([
  ['an hour', { every: 'hour' }, '2001-02-03T04:59:59.999Z', '2001-02-03T04:00Z', '2001-02-03T05:00Z'],
  ['a day', { every: 'day' }, '2001-02-03T04:05Z', '2001-02-03T00:00Z', '2001-02-04T00:00Z'],
  [
    'a day from 6:00',
    { every: 'day', offset: '6 hours' },
    '2001-02-03T04:05Z',
    '2001-02-02T06:00Z',
    '2001-02-03T06:00Z',
  ],
  ['a week, from Monday', { every: 'week' }, '2001-02-01T12:00Z', '2001-01-29T00:00Z', '2001-02-05T00:00Z'],
  [
    'a week from Thursday',
    { every: 'week', offset: '3 days' },
    '2001-02-01T12:00Z',
    '2001-02-01T00:00Z',
    '2001-02-08T00:00Z',
  ],
  ['six hours', { every: '6 hours' }, '2001-02-03T17:00Z', '2001-02-03T12:00Z', '2001-02-03T18:00Z'],
  ['ten days', { every: '10 days' }, '1970-01-10T23:59Z', '1970-01-01T00:00Z', '1970-01-11T00:00Z'],
  ['a February', { every: 'month' }, '2001-02-28T23:59:59.999Z', '2001-02-01T00:00Z', '2001-03-01T00:00Z'],
  ['a February of a leap year', { every: 'month' }, '2000-02-29T12:00Z', '2000-02-01T00:00Z', '2000-03-01T00:00Z'],
  ['a December', { every: 'month' }, '1999-12-31T12:00Z', '1999-12-01T00:00Z', '2000-01-01T00:00Z'],
  [
    'a month from the 15th',
    { every: 'month', offset: '14 days' },
    '2001-03-14T23:59Z',
    '2001-02-15T00:00Z',
    '2001-03-15T00:00Z',
  ],
  ['a month before 1970', { every: 'month' }, '1969-12-31T23:59:59.999Z', '1969-12-01T00:00Z', '1970-01-01T00:00Z'],
  ['a month of the year 40', { every: 'month' }, '0040-01-31T00:00Z', '0040-01-01T00:00Z', '0040-02-01T00:00Z'],
  ['an hour before 1970', { every: 'hour' }, '1969-12-31T23:59:59.999Z', '1969-12-31T23:00Z', '1970-01-01T00:00Z'],
])('%s', (_, period, time, from, to) => {
  expect(periodOf(period, time)).toEqual({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
});

const lengths = fc.oneof(
  fc.constantFrom('hour', 'day', 'week', 'month'),
  fc.integer({ min: 1, max: 600 }).map((count) => `${count} minutes`),
  fc.integer({ min: 1, max: 60 }).map((count) => `${count} days`)
);
const periods = fc
  .record({ every: lengths, offset: fc.option(fc.integer({ min: 0, max: 59 }), { nil: undefined }) })
  .map(({ every, offset }): Period => (offset === undefined ? { every } : { every, offset: `${offset} minutes` }));
/** 1800 to 2200. */
const moments = fc.integer({ min: -5.3e12, max: 7.2e12 }).map((ms) => new Date(ms).toISOString());

test('periods tile time: each moment is in exactly one, and the next begins where it ends', () => {
  fc.assert(
    fc.property(periods, moments, (each, at) => {
      const period = periodOf(each, at);
      expect(Date.parse(period.from)).toBeLessThanOrEqual(Date.parse(at));
      expect(Date.parse(at)).toBeLessThan(Date.parse(period.to));
      const last = new Date(Date.parse(period.to) - 1).toISOString();
      expect([periodOf(each, period.from), periodOf(each, last)]).toEqual([period, period]);
      const next = nextPeriod(each, period);
      expect(next.from).toBe(period.to);
      const before = periodOf(each, new Date(Date.parse(period.from) - 1).toISOString());
      expect(before.to).toBe(period.from);
      const months = [28, 29, 30, 31].map((days) => days * DAY_MS);
      const lengths = each.every === 'month' ? months : [everyMs(each.every)];
      expect(lengths).toContain(Date.parse(period.to) - Date.parse(period.from));
    })
  );
});

test('the last whole periods are as many, one after the other, and end where the running one begins', () => {
  fc.assert(
    fc.property(periods, moments, fc.integer({ min: 1, max: 30 }), (each, asOf, count) => {
      const range = lastWholePeriods(each, count, asOf);
      expect(range.to).toBe(periodOf(each, asOf).from);
      let period = periodOf(each, range.from);
      expect(period.from).toBe(range.from);
      for (let i = 1; i < count; i += 1) period = nextPeriod(each, period);
      expect(period.to).toBe(range.to);
    })
  );
});

test('ends of periods are those that were passed, of many the last', () => {
  const until = '2001-05-01T00:00:00Z';
  expect(periodEnds({ every: 'month' }, '2001-02-01T00:00:00Z', until, 12)).toEqual([
    '2001-03-01T00:00:00.000Z',
    '2001-04-01T00:00:00.000Z',
    '2001-05-01T00:00:00.000Z',
  ]);
  expect(periodEnds({ every: '1 minute' }, '0001-01-01T00:00:00Z', until, 2)).toEqual([
    '2001-04-30T23:59:00.000Z',
    '2001-05-01T00:00:00.000Z',
  ]);
  expect(periodEnds({ every: 'month' }, until, '2001-05-31T23:59:59Z', 12)).toEqual([]);
  expect(periodEnds({ every: 'month' }, until, '2001-03-31T23:59:59Z', 12)).toEqual([]);
});

test('two periods as a duration, for a cool-down', () => {
  const lengths = ['hour', 'day', 'week', 'month', '90 minutes'].map((every) => lengthOf({ every }, 2));
  expect(lengths).toEqual(['2 hours', '2 days', '14 days', '62 days', '3 hours']);
});

test('a moment is shown as short as it is exact', () => {
  const shown = ['2001-02-01T00:00', '2001-02-01T05:00', '2001-02-01T05:06:07', '2001-02-01T00:00:00.007'].map((time) =>
    momentWords(new Date(`${time}Z`).toISOString())
  );
  expect(shown).toEqual(['2001-02-01', '2001-02-01T05:00Z', '2001-02-01T05:06:07Z', '2001-02-01T00:00:00.007Z']);
});

import fc from 'fast-check';
import { lastWholeSeasons, nextSeason, seasonOf } from '../../src/domain/season';

const WEEK = { days: 7, offsetDays: 0 };

test('weeks start on Thursday, as 1970-01-01 did', () => {
  expect(seasonOf(WEEK, '2001-01-31T23:59:59Z')).toEqual({
    from: '2001-01-25T00:00:00.000Z',
    to: '2001-02-01T00:00:00.000Z',
  });
});

test('the last whole week that ended by February 1, 00:00 is that of January 25', () => {
  expect(lastWholeSeasons(WEEK, 1, '2001-02-01T00:00:00Z')).toEqual({
    from: '2001-01-25T00:00:00.000Z',
    to: '2001-02-01T00:00:00.000Z',
  });
});

test('a season that is still running is not whole', () => {
  expect(lastWholeSeasons(WEEK, 1, '2001-05-10T18:20:00Z')).toEqual({
    from: '2001-05-03T00:00:00.000Z',
    to: '2001-05-10T00:00:00.000Z',
  });
});

test('seasons tile time: each moment is in exactly one, and the next begins where it ends', () => {
  const season = fc.record({ days: fc.integer({ min: 1, max: 60 }), offsetDays: fc.integer({ min: 0, max: 59 }) });
  const time = fc.integer({ min: -1e12, max: 4e12 }).map((ms) => new Date(ms).toISOString());
  fc.assert(
    fc.property(season, time, (each, at) => {
      const period = seasonOf(each, at);
      expect(Date.parse(period.from)).toBeLessThanOrEqual(Date.parse(at));
      expect(Date.parse(at)).toBeLessThan(Date.parse(period.to));
      expect(Date.parse(period.to) - Date.parse(period.from)).toBe(each.days * 86_400_000);
      expect(nextSeason(each, period).from).toBe(period.to);
    })
  );
});

import { momentMs, momentOrDayMs } from '../../src/domain/moment';

test('a moment is ISO-8601 with its zone', () => {
  expect(momentMs('2001-02-03T04:05:06Z')).toBe(Date.UTC(2001, 1, 3, 4, 5, 6));
  expect(momentMs('2001-02-03T04:05:06.123456789+01:30')).toBe(Date.UTC(2001, 1, 3, 2, 35, 6, 123));
  expect(momentMs('2001-02-03T04:05Z')).toBe(Date.UTC(2001, 1, 3, 4, 5));
  expect(momentMs('2024-02-29T00:00:00Z')).toBe(Date.UTC(2024, 1, 29));
  expect(momentOrDayMs('2000-02-29')).toBe(Date.UTC(2000, 1, 29));
});

test.each([
  '2023-02-29T10:00:00Z',
  '2024-02-30T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2001-04-31T00:00:00Z',
  '2001-13-01T00:00:00Z',
  '2001-00-01T00:00:00Z',
  '2001-01-00T00:00:00Z',
  '2001-01-01T24:00:00Z',
  '2001-01-01T00:60:00Z',
  '2001-01-01T00:00:60Z',
  '2001-01-01T00:00:00+24:00',
  '2001-01-01T00:00:00',
  '2001-01-01',
  '2001-1-1T00:00:00Z',
  'soon',
  '',
])('%s is no moment', (text) => {
  expect(momentMs(text)).toBeUndefined();
});

test.each(['2023-02-29', '2024-02-30', '2001-06-31', '2001-1-1'])('%s is no day', (text) => {
  expect(momentOrDayMs(text)).toBeUndefined();
});

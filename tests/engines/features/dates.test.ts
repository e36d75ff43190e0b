/** Parts of dates, holidays and cycles. */
import fc from 'fast-check';
import type { FeatureDefinition } from '../../../src/domain/definition';
import { denseRows } from './dense-rows';
import { numberColumn, table, timeColumn } from './tables';

type Part = Extract<FeatureDefinition, { readonly transform: 'datePart' }>['part'];
const PARTS: readonly Part[] = ['hour', 'weekday', 'dayOfMonth', 'dayOfYear', 'month', 'quarter', 'year'];

/** As the proleptic Gregorian calendar of JavaScript has them. */
function calendar(t: Date): Readonly<Record<Part, number>> {
  const month = t.getUTCMonth() + 1;
  return {
    hour: t.getUTCHours(),
    weekday: (t.getUTCDay() + 6) % 7,
    dayOfMonth: t.getUTCDate(),
    dayOfYear: Math.floor((t.getTime() - Date.UTC(t.getUTCFullYear(), 0, 1)) / 864e5) + 1,
    month,
    quarter: Math.ceil(month / 3),
    year: t.getUTCFullYear(),
  };
}

const features = PARTS.map((part): FeatureDefinition => ({ transform: 'datePart', column: 't', part }));

test.each([
  ['1899-12-31T23:59:59.999Z', [23, 6, 31, 365, 12, 4, 1899]],
  ['1900-02-28T00:00:00Z', [0, 2, 28, 59, 2, 1, 1900]],
  ['1900-03-01T00:00:00Z', [0, 3, 1, 60, 3, 1, 1900]],
  ['1969-12-31T23:59:59.999Z', [23, 2, 31, 365, 12, 4, 1969]],
  ['2000-02-29T06:30:00Z', [6, 1, 29, 60, 2, 1, 2000]],
  ['2000-12-31T12:00:00Z', [12, 6, 31, 366, 12, 4, 2000]],
  ['2100-07-01T18:15:00Z', [18, 3, 1, 182, 7, 3, 2100]],
])('%s is %j', async (time, wanted) => {
  expect(await denseRows(features, table({ t: timeColumn([time]) }))).toEqual([wanted]);
});

test('agree with the calendar of JavaScript for any time from 1700 to 2300', async () => {
  const time = fc.date({ min: new Date('1700-01-01'), max: new Date('2300-12-31'), noInvalidDate: true });
  await fc.assert(
    fc.asyncProperty(fc.array(time, { minLength: 1, maxLength: 80 }), async (times) => {
      const rows = await denseRows(features, table({ t: timeColumn(times.map((t) => t.toISOString())) }));
      expect(rows).toEqual(times.map((t) => PARTS.map((part) => calendar(t)[part])));
    }),
    { numRuns: 40 }
  );
});

test('a missing time is the mean of the training rows, or missing under its name', async () => {
  const times = table({ t: timeColumn(['2001-01-05T00:00:00Z', '2001-04-05T00:00:00Z', null]) });
  const month: FeatureDefinition = { transform: 'datePart', column: 't', part: 'month' };
  const named: FeatureDefinition[] = [
    { ...month, as: 'm' },
    { transform: 'isMissing', column: 'm' },
  ];
  expect((await denseRows([month], times)).flat()).toEqual([1, 4, 2.5]);
  expect((await denseRows(named, times)).flat()).toEqual([0, 0, 1]);
});

test('holidays are days of one year, or of every year', async () => {
  const holiday: FeatureDefinition = { transform: 'holiday', column: 't', dates: ['12-25', '2026-04-03', '02-29'] };
  const times = [
    '1969-12-25T00:00:00Z',
    '2026-12-25T23:59:59.999Z',
    '2026-12-26T00:00:00Z',
    '2026-04-03T12:00:00Z',
    '2025-04-03T12:00:00Z',
    '2000-02-29T00:00:00Z',
    '2001-03-01T00:00:00Z',
    null,
  ];
  expect((await denseRows([holiday], table({ t: timeColumn(times) }))).flat()).toEqual([1, 1, 0, 1, 0, 1, 0, 0]);
});

test('a cycle is the same after each period; what is missing, or has no angle, is all 0', async () => {
  const cycle: FeatureDefinition = { transform: 'cycle', column: 'x', period: 12, harmonics: 2 };
  const rows = await denseRows([cycle], table({ x: numberColumn([0, 3, 12, -9, Number.NaN]) }));
  const wanted = [
    [0, 0, 1, 1],
    [1, 0, 0, -1],
    [0, 0, 1, 1],
    [1, 0, 0, -1],
    [0, 0, 0, 0],
  ];
  rows.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(wanted[i]![j]!, 6)));
  const tiny: FeatureDefinition = { ...cycle, period: 1e-300, harmonics: 1 };
  expect(await denseRows([tiny], table({ x: numberColumn([1e300]) }))).toEqual([[0, 0]]);
});

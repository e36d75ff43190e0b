import fc from 'fast-check';
import type { FeatureDefinition } from '../../../src/domain/definition';
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import { denseWidth, embeddingTables } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import type { TableColumns } from '../../../src/engines/tables/columns';
import { denseRows } from './dense-rows';
import { numberColumn, SILENT, table, textColumn, timeColumn } from './tables';

async function indexes(rows: TableColumns, feature: FeatureDefinition, training = rows): Promise<number[]> {
  const fitted = fitFeatures(training, [feature]);
  return Array.from((await makeFeatures(featureGraph(fitted), fitted, rows, SILENT)).indices[0]!, Number);
}

const positionOf1 = (row: readonly number[]) => (row.filter((x) => x !== 0).length === 1 ? row.indexOf(1) : undefined);

describe('calendar features', () => {
  const weekday: FeatureDefinition = { transform: 'weekday', column: 't' };
  const halfHours: FeatureDefinition = { transform: 'timeOfDayBuckets', column: 't', buckets: 48 };

  test.each([
    ['1899-12-31T23:59:59.999Z', 6, 47],
    ['1900-01-01T00:00:00Z', 0, 0],
    ['1900-02-28T12:29:59Z', 2, 24],
    ['1900-03-01T12:30:00Z', 3, 25],
    ['1969-12-31T23:59:59.999Z', 2, 47],
    ['1970-01-01T00:00:00Z', 3, 0],
    ['2000-02-29T06:00:00Z', 1, 12],
    ['2001-01-01T00:29:59.999Z', 0, 0],
    ['2100-02-28T23:30:00Z', 6, 47],
    ['2100-12-31T18:15:00Z', 4, 36],
  ])('%s is weekday %i (Monday is 0) and half-hour %i', async (time, day, bucket) => {
    const rows = table({ t: timeColumn([time]) });
    expect(positionOf1((await denseRows([weekday], rows))[0]!)).toBe(day);
    expect(positionOf1((await denseRows([halfHours], rows))[0]!)).toBe(bucket);
  });

  test('the last microsecond before midnight belongs to its own day, before 1970 too', async () => {
    const rows = table({ t: timeColumn([-1n, 0n, -86_400_000_001n, 86_399_999_999n]) });
    expect((await denseRows([weekday], rows)).map(positionOf1)).toEqual([2, 3, 1, 3]);
    expect((await denseRows([halfHours], rows)).map(positionOf1)).toEqual([47, 0, 47, 47]);
  });

  test('agrees with the calendar of JavaScript for any time from 1900 to 2100', async () => {
    const time = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-12-31'), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(time, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 300 }),
        async (times, buckets) => {
          const rows = table({ t: timeColumn(times.map((t) => t.toISOString())) });
          const days = await denseRows([weekday], rows);
          const parts = await denseRows([{ transform: 'timeOfDayBuckets', column: 't', buckets }], rows);
          const ofDay = (t: Date) => Math.floor(((((t.getTime() % 864e5) + 864e5) % 864e5) * buckets) / 864e5);
          expect(days.map(positionOf1)).toEqual(times.map((t) => (t.getUTCDay() + 6) % 7));
          expect(parts.map(positionOf1)).toEqual(times.map(ofDay));
        }
      ),
      { numRuns: 40 }
    );
  });

  test('cycles are sines, then cosines, of the time of day', async () => {
    const cycles: FeatureDefinition = { transform: 'timeOfDayCycles', column: 't', harmonics: 2 };
    const rows = table({ t: timeColumn(['1969-07-20T06:00:00Z', '2001-01-01T03:00:00Z']) });
    const half = Math.SQRT1_2;
    const expected = [
      [1, 0, 0, -1],
      [half, 1, half, 0],
    ];
    (await denseRows([cycles], rows)).forEach((row, i) => {
      row.forEach((x, j) => expect(x).toBeCloseTo(expected[i]![j]!, 7));
    });
  });

  test('a missing time is all zeros', async () => {
    const features: FeatureDefinition[] = [
      weekday,
      halfHours,
      { transform: 'timeOfDayCycles', column: 't', harmonics: 1 },
    ];
    expect((await denseRows(features, table({ t: timeColumn([null]) })))[0]).toEqual(new Array(57).fill(0));
  });
});

describe('numeric features', () => {
  const standardize: FeatureDefinition = { transform: 'standardize', column: 'x' };
  const logStandardize: FeatureDefinition = { transform: 'logStandardize', column: 'x' };

  test('standardize subtracts the mean and divides by the standard deviation of the training rows', async () => {
    const training = table({ x: numberColumn([2, 4, 4, 4, 5, 5, 7, 9, Number.NaN]) });
    expect(fitFeatures(training, [standardize]).transforms[0]).toMatchObject({ mean: 5, deviation: 2 });
    expect(await denseRows([standardize], training, table({ x: numberColumn([5, 9, 0]) }))).toEqual([[0], [2], [-2.5]]);
  });

  test('logStandardize works on logarithms', async () => {
    const training = table({ x: numberColumn([1, Math.E ** 2]) });
    const rows = await denseRows([logStandardize], training, table({ x: numberColumn([1, Math.E, Math.E ** 4]) }));
    rows.flat().forEach((x, i) => expect(x).toBeCloseTo([-1, 0, 3][i]!, 6));
  });

  test('missing numbers become the mean, and so do numbers without a logarithm', async () => {
    const training = table({ x: numberColumn([1, 2, 3, 10]) });
    expect(await denseRows([standardize], training, table({ x: numberColumn([Number.NaN]) }))).toEqual([[0]]);
    const withoutLog = table({ x: numberColumn([Number.NaN, 0, -1, Number.NEGATIVE_INFINITY]) });
    expect(await denseRows([logStandardize], training, withoutLog)).toEqual([[0], [0], [0], [0]]);
  });

  test('a column without spread, or without any value, standardizes to 0', async () => {
    expect(await denseRows([standardize], table({ x: numberColumn([7, 7, 7]) }))).toEqual([[0], [0], [0]]);
    expect(await denseRows([standardize], table({ x: numberColumn([Number.NaN]) }))).toEqual([[0]]);
  });

  test('an infinite number is refused with its column and row', () => {
    const rows = table({ x: numberColumn([1, Number.POSITIVE_INFINITY]) });
    expect(() => fitFeatures(rows, [standardize])).toThrow(
      /MLOPS_FEATURE_INVALID: A value is infinite.*column=x, row=1/
    );
  });
});

describe('categories', () => {
  const carriers = textColumn(['AA', 'UA', 'AA', null, 'DL', 'UA', 'AA', '']);
  const oneHot: FeatureDefinition = { transform: 'oneHot', column: 'x', minCount: 2 };
  const embedding: FeatureDefinition = { transform: 'embedding', column: 'x', width: 4, minCount: 2, maxRows: 100 };

  test('one-hot has a column for each frequent value; rare, unknown and missing ones are all zeros', async () => {
    const rows = table({ x: textColumn(['AA', 'UA', 'DL', 'ZZ', null, '']) });
    const expected = [
      [1, 0],
      [0, 1],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    expect(await denseRows([oneHot], table({ x: carriers }), rows)).toEqual(expected);
  });

  test('one-hot of numbers compares values', async () => {
    const training = table({ x: numberColumn([3, 1, 3, 1, 2, 0, -0, Number.NaN, Number.NaN]) });
    const rows = table({ x: numberColumn([0, 1, 2, 3, Number.NaN]) });
    const expected = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ];
    expect(await denseRows([oneHot], training, rows)).toEqual(expected);
  });

  test('embedding rows start at 1; row 0 is for rare, unknown and missing values', async () => {
    const rows = table({ x: textColumn(['AA', 'UA', 'DL', 'ZZ', null, '']) });
    expect(await indexes(rows, embedding, table({ x: carriers }))).toEqual([1, 2, 0, 0, 0, 0]);
  });

  test('a full table keeps the most frequent values, in code-point order', () => {
    const training = table({ x: textColumn(['c', 'c', 'b', 'b', 'a', 'a', 'a', 'é', '~']) });
    const fitted = fitFeatures(training, [{ ...embedding, minCount: 1, maxRows: 3 }]);
    expect(fitted.transforms[0]).toMatchObject({ categories: ['a', 'b'] });
    expect(embeddingTables(fitted)).toEqual([{ column: 'x', rows: 3, width: 4 }]);
  });

  test.each([oneHot, embedding])('$transform is refused where no value is frequent enough', (feature) => {
    const where = /No value is in 9 rows or more.*column=x/;
    expect(() => fitFeatures(table({ x: carriers }), [{ ...feature, minCount: 9 } as FeatureDefinition])).toThrow(
      where
    );
  });

  test('a one-hot of very many values is refused', () => {
    const ids = table({ x: numberColumn(Array.from({ length: 2002 }, (_, i) => Math.floor(i / 2))) });
    expect(() => fitFeatures(ids, [oneHot])).toThrow(/1001 values are in 2 rows or more.*embed the column/);
  });

  test('code points outside the basic plane and composed characters survive the way into the graph', async () => {
    const texts = ['Zürich', 'Zu\u0308rich', '東京', '🛫', 'Zürich', '🛫'];
    expect(await indexes(table({ x: textColumn(texts) }), { ...embedding, minCount: 1 })).toEqual([2, 1, 3, 4, 2, 4]);
  });
});

describe('fitting', () => {
  const rows = table({ t: timeColumn([0n, 1n]), x: numberColumn([1, 2]), s: textColumn(['a', 'b']) });

  test.each<[FeatureDefinition, RegExp]>([
    [
      { transform: 'weekday', column: 'x' },
      /reads a timestamp column, this one is a number.*transform=weekday, column=x/,
    ],
    [{ transform: 'standardize', column: 's' }, /reads an integer or number column, this one is a string/],
    [{ transform: 'embedding', column: 'x', width: 2, minCount: 1, maxRows: 9 }, /reads a string column/],
    [{ transform: 'oneHot', column: 't', minCount: 1 }, /this one is a timestamp/],
    [{ transform: 'weekday', column: 'nowhere' }, /no such column.*column=nowhere/],
  ])('refuses %j', (feature, message) => {
    expect(() => fitFeatures(rows, [feature])).toThrow(message);
  });

  test("refuses a column that is named like one of the graph's values", () => {
    const named = table({ probability: numberColumn([1]) });
    expect(() => fitFeatures(named, [{ transform: 'standardize', column: 'probability' }])).toThrow(
      /Rename the column/
    );
  });

  test('refuses an empty table', () => {
    expect(() => fitFeatures(table({ x: numberColumn([]) }), [])).toThrow(/MLOPS_TOO_FEW_ROWS/);
  });

  test('survives JSON: the graph of what was stored has the same bytes', () => {
    const fitted = fitFeatures(rows, [
      { transform: 'standardize', column: 'x' },
      { transform: 'oneHot', column: 's', minCount: 1 },
      { transform: 'timeOfDayCycles', column: 't', harmonics: 3 },
    ]);
    expect(denseWidth(fitted)).toBe(9);
    expect(Buffer.from(featureGraph(JSON.parse(JSON.stringify(fitted))))).toEqual(Buffer.from(featureGraph(fitted)));
  });

  test('says which column a table to be scored lacks', async () => {
    const fitted = fitFeatures(rows, [{ transform: 'standardize', column: 'x' }]);
    const other = table({ x: textColumn(['a']) });
    await expect(makeFeatures(featureGraph(fitted), fitted, other, SILENT)).rejects.toThrow(
      /has a string column.*column=x/
    );
  });
});

/** Transforms of numbers: against published implementations, and at the ends of what a number can be. */
import fc from 'fast-check';
import type { FeatureDefinition } from '../../../src/domain/definition';
import { fitFeatures } from '../../../src/engines/features/fit';
import type { FittedTransform } from '../../../src/engines/features/fitted';
import type { Column, TableColumns } from '../../../src/engines/tables/columns';
import { denseRows } from './dense-rows';
import { numberColumn, table, textColumn, timeColumn } from './tables';

const numbers = (...values: number[]): TableColumns => table({ x: numberColumn(values) });
const NONE = Number.NaN;

describe('scikit-learn 1.9.1 (NumPy 2.4.6) gives the same', () => {
  const training = [0.3, -1.7, 12.5, 3.25, 7.0, -0.01, 88.4, 1.1, 2.6, -5.5, 0.0, 41.0, 6.3];
  const asked = [-9.0, 0.0, 2.6, 5.0, 500.0];
  const of = (feature: FeatureDefinition) => denseRows([feature], numbers(...training), numbers(...asked));
  /** Units in the last place, in float32, of the largest number on the way. */
  const apart = (got: readonly number[], wanted: readonly number[], largest: number) =>
    Math.max(...got.map((x, i) => Math.abs(x - wanted[i]!))) / 2 ** (Math.floor(Math.log2(largest)) - 23);

  test.each<[string, FeatureDefinition, readonly number[], number]>([
    [
      'StandardScaler',
      { transform: 'standardize', column: 'x' },
      [-0.8474462838596202, -0.4832411148485433, -0.37802628824534334, -0.2809049098423895, 19.750379385766834],
      20,
    ],
    [
      'RobustScaler',
      { transform: 'robust', column: 'x' },
      [-1.657142857142857, -0.37142857142857144, 0.0, 0.34285714285714286, 71.05714285714285],
      72,
    ],
    [
      'MinMaxScaler',
      { transform: 'minMax', column: 'x' },
      [-0.03727369542066027, 0.058572949946751864, 0.08626198083067092, 0.11182108626198084, 5.383386581469649],
      6,
    ],
    [
      'PowerTransformer (λ 0.44507076)',
      { transform: 'power', column: 'x' },
      [-4.274241217597922, -0.36038109873529106, -0.05918472607786422, 0.11775740020808723, 5.482865621648684],
      6,
    ],
  ])('%s', async (_, feature, wanted, largest) => {
    expect(apart((await of(feature)).flat(), wanted, largest)).toBeLessThanOrEqual(8);
  });

  test("PowerTransformer's λ", () => {
    const { transforms } = fitFeatures(numbers(...training), [{ transform: 'power', column: 'x' }]);
    expect((transforms[0] as { lambda: number }).lambda).toBeCloseTo(0.44507076, 7);
  });

  test("KBinsDiscretizer, 4 bins, strategy 'quantile', quantile_method 'linear'", async () => {
    const feature: FeatureDefinition = { transform: 'quantileBuckets', column: 'x', buckets: 4 };
    expect(fitFeatures(numbers(...training), [feature]).transforms).toMatchObject([{ edges: [0, 2.6, 7] }]);
    expect((await of(feature)).map((row) => row.indexOf(1))).toEqual([0, 1, 2, 2, 3]);
    const named: FeatureDefinition[] = [
      { ...feature, as: 'bucket' },
      { transform: 'impute', column: 'bucket', with: -1 },
    ];
    expect((await denseRows(named, numbers(...training), numbers(...asked, NONE))).flat()).toEqual([0, 1, 2, 2, 3, -1]);
  });
});

describe('what a missing number becomes', () => {
  const training = numbers(1, 2, 3, 10, NONE);
  const missing = numbers(NONE);
  test.each<[FeatureDefinition, readonly number[]]>([
    [{ transform: 'impute', column: 'x', with: 'mean' }, [4]],
    [{ transform: 'impute', column: 'x', with: 'median' }, [2.5]],
    [{ transform: 'impute', column: 'x', with: -1 }, [-1]],
    [{ transform: 'robust', column: 'x' }, [0]],
    [{ transform: 'power', column: 'x' }, [0]],
    [{ transform: 'minMax', column: 'x' }, [Math.fround(1 / 3)]],
    [{ transform: 'clip', column: 'x', max: 4 }, [2.5]],
    [{ transform: 'log', column: 'x', plus: 0 }, [Math.fround(Math.log(60) / 4)]],
    [{ transform: 'isMissing', column: 'x' }, [1]],
    [{ transform: 'quantileBuckets', column: 'x', buckets: 2 }, [0, 0]],
  ])('%j', async (feature, wanted) => {
    expect(await denseRows([feature], training, missing)).toEqual([wanted]);
  });

  test('missing flags of texts and times', async () => {
    const features: FeatureDefinition[] = [
      { transform: 'isMissing', column: 's' },
      { transform: 'isMissing', column: 't' },
    ];
    const rows = table({ s: textColumn(['a', null, '']), t: timeColumn([0n, null, '2001-01-01T00:00:00Z']) });
    expect(await denseRows(features, rows)).toEqual([
      [0, 0],
      [1, 1],
      [1, 0],
    ]);
  });
});

describe('two columns as one number', () => {
  const rows = table({ a: numberColumn([6, 1, 0, NONE, 1e308]), b: numberColumn([4, 0, 0, 1, 1e308]) });
  const each = async (op: 'sum' | 'difference' | 'product' | 'ratio') => {
    const features: FeatureDefinition[] = [
      { transform: 'arithmetic', columns: ['a', 'b'], op, as: 'both' },
      { transform: 'impute', column: 'both', with: -99 },
    ];
    return (await denseRows(features, rows)).flat();
  };

  test('what cannot be computed is missing: by 0, and out of range', async () => {
    expect(await each('sum')).toEqual([10, 1, 0, -99, -99]);
    expect(await each('difference')).toEqual([2, 1, 0, -99, 0]);
    expect(await each('product')).toEqual([24, 0, 0, -99, -99]);
    expect(await each('ratio')).toEqual([1.5, -99, -99, -99, 1]);
  });

  test('without a name it is a feature, and missing it is the mean', async () => {
    const feature: FeatureDefinition = { transform: 'arithmetic', columns: ['a', 'b'], op: 'ratio' };
    expect((await denseRows([feature], rows)).flat()).toEqual([1.5, 1.25, 1.25, 1.25, 1]);
  });

  test('the difference of two times is in hours, to the microsecond', async () => {
    const times = table({
      landed: timeColumn(['2001-01-01T12:30:00Z', null, '1900-01-01T00:00:00Z']),
      left: timeColumn(['2001-01-01T10:00:00Z', '2001-01-01T10:00:00Z', '1900-01-02T00:00:00Z']),
    });
    const features: FeatureDefinition[] = [
      { transform: 'arithmetic', columns: ['landed', 'left'], op: 'difference', as: 'hours' },
      { transform: 'impute', column: 'hours', with: 0 },
    ];
    expect((await denseRows(features, times)).flat()).toEqual([2.5, 0, -24]);
  });
});

test('a named number is no feature by itself, and may be read by several transforms, in chains', async () => {
  const features: FeatureDefinition[] = [
    { transform: 'log', column: 'x', plus: 0, as: 'logarithm' },
    { transform: 'clip', column: 'logarithm', min: 0, max: 1, as: 'clipped' },
    { transform: 'isMissing', column: 'logarithm' },
    { transform: 'arithmetic', columns: ['clipped', 'x'], op: 'sum' },
    { transform: 'impute', column: 'clipped', with: -1 },
  ];
  const rows = await denseRows(features, numbers(Math.E, 1, 0.5, -2, NONE));
  const mean = (1 + Math.E + 1 + 0.5) / 3;
  const wanted = [
    [0, 1 + Math.E, 1],
    [0, 1, 0],
    [0, 0.5, 0],
    [1, mean, -1],
    [1, mean, -1],
  ];
  rows.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(wanted[i]![j]!, 6)));
});

const TRANSFORMS: readonly FeatureDefinition[] = [
  ...(['standardize', 'logStandardize', 'robust', 'minMax', 'power'] as const).map((transform) => ({
    transform,
    column: 'x',
  })),
  { transform: 'log', column: 'x', plus: 1 },
  { transform: 'clip', column: 'x', min: { quantile: 0.1 }, max: { quantile: 0.9 } },
  { transform: 'impute', column: 'x', with: 'mean' },
  { transform: 'impute', column: 'x', with: 'median' },
  { transform: 'isMissing', column: 'x' },
  { transform: 'quantileBuckets', column: 'x', buckets: 4 },
  ...(['sum', 'difference', 'product', 'ratio'] as const).map(
    (op): FeatureDefinition => ({ transform: 'arithmetic', columns: ['x', 'y'], op })
  ),
  { transform: 'power', column: 'x', as: 'p' },
  { transform: 'robust', column: 'p', as: 'q' },
  { transform: 'arithmetic', columns: ['q', 'p'], op: 'ratio' },
  { transform: 'quantileBuckets', column: 'q', buckets: 3, as: 'b' },
  { transform: 'minMax', column: 'b' },
];

/** Doubles at their ends, among ordinary ones and missing ones. */
const extreme = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    5e-324,
    -5e-324,
    2.2e-308,
    1e308,
    -1e308,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    NONE,
    1e-200,
    1e200
  ),
  fc.double({ noDefaultInfinity: true })
);

test('no feature is ever NaN or infinite: constants, nothing at all, the ends of a double, other rows than training had', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(extreme, { minLength: 1, maxLength: 12 }),
        extreme.map((x) => [x, x, x])
      ),
      fc.array(extreme, { minLength: 1, maxLength: 12 }),
      async (known, later) => {
        const both = (values: readonly number[]) =>
          table({ x: numberColumn(values), y: numberColumn([...values].reverse()) });
        const rows = [
          ...(await denseRows(TRANSFORMS, both(known))),
          ...(await denseRows(TRANSFORMS, both(known), both(later))),
        ];
        expect(rows.flat().filter((x) => !Number.isFinite(x))).toEqual([]);
      }
    ),
    { numRuns: 150 }
  );
});

test('numbers without spread are 0 on every scale, and so is everything of a column without values', async () => {
  const scales = TRANSFORMS.slice(0, 5);
  for (const value of [7, 0.1, 1e300, 1e-300]) {
    const rows = await denseRows(scales, numbers(...new Array<number>(11).fill(value)));
    for (const x of rows.flat()) expect(Math.abs(x)).toBeLessThan(1e-12);
  }
  expect(await denseRows(scales, numbers(NONE))).toEqual([[0, 0, 0, 0, 0]]);
});

test('very small and very large numbers have a spread, too', async () => {
  for (const size of [1e-200, 1, 1e200]) {
    expect(await denseRows([{ transform: 'standardize', column: 'x' }], numbers(-size, size))).toEqual([[-1], [1]]);
  }
});

test('what a number teaches is kept as JSON can hold it', () => {
  const values: Column = numberColumn([0, 5, 1e308, -1e308, NONE]);
  const fitted: readonly FittedTransform[] = fitFeatures(table({ x: values, y: values }), TRANSFORMS).transforms;
  expect(JSON.parse(JSON.stringify(fitted))).toEqual(fitted);
});

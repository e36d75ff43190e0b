/** Orders, crosses and hashes of categories. */
import fc from 'fast-check';
import type { FeatureDefinition } from '../../../src/domain/definition';
import { murmur3 } from '../../../src/engines/features/murmur';
import { denseRows } from './dense-rows';
import { numberColumn, table, textColumn } from './tables';

test('ordinal is the position in the declared order; others are the mean, or missing under a name', async () => {
  const ordinal: FeatureDefinition = { transform: 'ordinal', column: 's', order: ['low', 'mid', 'high'] };
  const rows = table({ s: textColumn(['high', 'low', 'mid', 'higher', null, '']) });
  expect((await denseRows([ordinal], rows)).flat()).toEqual([2, 0, 1, 1, 1, 1]);
  const named: FeatureDefinition[] = [
    { ...ordinal, as: 'rank' },
    { transform: 'impute', column: 'rank', with: -1 },
  ];
  expect((await denseRows(named, rows)).flat()).toEqual([2, 0, 1, -1, -1, -1]);
});

describe('cross', () => {
  const training = table({
    s: textColumn(['a', 'a', 'a', 'b', 'b', 'b', 'c', null]),
    x: numberColumn([1, 1, 2, 2, 2, Number.NaN, 1, 1]),
  });
  const cross: FeatureDefinition = { transform: 'cross', columns: ['s', 'x'], minCount: 2 };

  test('has a column for each frequent combination; rare, unknown and missing ones are all 0', async () => {
    const rows = table({
      s: textColumn(['a', 'b', 'a', 'b', 'c', null, 'a', 'z']),
      x: numberColumn([1, 2, 2, 1, 1, 1, Number.NaN, 1]),
    });
    const wanted = [[1, 0], [0, 1], ...new Array<number[]>(6).fill([0, 0])];
    expect(await denseRows([cross], training, rows)).toEqual(wanted);
    const named: FeatureDefinition[] = [
      { ...cross, as: 'both' },
      { transform: 'impute', column: 'both', with: -1 },
    ];
    expect((await denseRows(named, training, rows)).flat()).toEqual([0, 1, -1, -1, -1, -1, -1, -1]);
  });

  test('named, it is the category that a one-hot of it finds', async () => {
    const named: FeatureDefinition[] = [
      { ...cross, as: 'both' },
      { transform: 'oneHot', column: 'both', minCount: 1 },
    ];
    expect(await denseRows(named, training)).toEqual(await denseRows([cross], training));
  });

  test('is refused where no combination is frequent', async () => {
    await expect(denseRows([{ ...cross, minCount: 9 }], training)).rejects.toThrow(
      /No value is in 9 rows or more.*s, x/
    );
  });
});

describe('hashing', () => {
  test.each([
    // MurmurHash3_x86_32, seed 0: the reference implementation's values (github.com/aappleby/smhasher).
    ['', 0],
    ['hello', 0x248bfa47],
    ['hello, world', 0x149bbb7f],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('of %j is the reference value', (text, hash) => {
    expect(murmur3(text) >>> 0).toBe(hash);
  });

  test('any text has in the graph the bucket that it had when later transforms were fitted', async () => {
    const texts = fc.array(
      fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0')),
      {
        minLength: 1,
        maxLength: 20,
      }
    );
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 2, max: 100_000 }), async (some, buckets) => {
        const rows = table({ a: textColumn(some), b: textColumn([...some].reverse()) });
        const features: FeatureDefinition[] = [
          { transform: 'hashing', columns: ['a', 'b'], buckets, as: 'hash' },
          { transform: 'oneHot', column: 'hash', minCount: 1 },
        ];
        const isThere = some.map((text, i) => text !== '' && some[some.length - 1 - i] !== '');
        if (!isThere.includes(true)) return;
        const sums = (await denseRows(features, rows)).map((row) => row.reduce((sum, x) => sum + x, 0));
        // Each category is a bucket that fitting found: one that only the graph finds would be all 0.
        expect(sums).toEqual(isThere.map(Number));
      }),
      { numRuns: 40 }
    );
  });

  test('one text has one bucket; a missing one none', async () => {
    const hashing: FeatureDefinition = { transform: 'hashing', columns: ['s'], buckets: 8 };
    const rows = await denseRows([hashing], table({ s: textColumn(['ATL', 'é', 'ATL', null, '', '🛫']) }));
    const buckets = rows.map((row) => row.indexOf(1));
    const bucketOf = (text: string) => ((murmur3(text) % 8) + 8) % 8;
    expect(buckets).toEqual([bucketOf('ATL'), bucketOf('é'), bucketOf('ATL'), -1, -1, bucketOf('🛫')]);
  });
});

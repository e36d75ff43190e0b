/** Folds: of a row's own bits, or of its time. */
import fc from 'fast-check';
import { foldOf, foldsOf } from '../../src/domain/folds';
import type { Split } from '../../src/domain/split';

const ASOF = '2001-02-01T00:00:00.000Z';

test('folds are about equally large, and another seed gives others', () => {
  const keys = Array.from({ length: 10_000 }, (_, row) => (row * 2_654_435_761) % 2 ** 32);
  const folds = keys.map((bits) => foldOf(bits, { folds: 5, seed: 1 }));
  const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((each) => each === fold).length);
  for (const size of sizes) expect(Math.abs(size - 2000)).toBeLessThan(200);
  const others = keys.map((bits) => foldOf(bits, { folds: 5, seed: 2 }));
  expect(folds.filter((fold, row) => fold !== others[row]).length).toBeGreaterThan(7500);
});

test('a fold is one of those that there are, whatever the bits and the seed', () => {
  const any = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(any, any, fc.integer({ min: 2, max: 100 }), (bits, seed, folds) => {
      const fold = foldOf(bits, { folds, seed });
      expect(Number.isInteger(fold) && fold >= 0 && fold < folds).toBe(true);
    })
  );
});

describe('by time', () => {
  const split: Split = {
    by: 'time',
    train: { to: '2001-01-29T00:00:00.000Z' },
    test: { from: '2001-01-29T00:00:00.000Z', to: ASOF },
    knownBy: ASOF,
  };

  test('each validates a period, and learns from what was before it', () => {
    expect(foldsOf(split, { folds: 2, seed: 1 }, { every: 'week' })).toEqual([
      {
        train: { to: '2001-01-15T00:00:00.000Z', knownBy: ASOF },
        validation: { from: '2001-01-15T00:00:00.000Z', to: '2001-01-22T00:00:00.000Z', knownBy: ASOF },
      },
      {
        train: { to: '2001-01-22T00:00:00.000Z', knownBy: ASOF },
        validation: { from: '2001-01-22T00:00:00.000Z', to: '2001-01-29T00:00:00.000Z', knownBy: ASOF },
      },
    ]);
  });

  test('validation follows training without a gap, and never reaches the rows that the split sets aside', () => {
    const every = fc.constantFrom('hour', 'day', 'week', 'month', '6 hours');
    fc.assert(
      fc.property(every, fc.integer({ min: 2, max: 20 }), (unit, count) => {
        const folds = foldsOf(split, { folds: count, seed: 1 }, { every: unit });
        folds.forEach(({ train, validation }, i) => {
          expect(train.to).toBe(validation.from);
          expect(Date.parse(validation.from!)).toBeLessThan(Date.parse(validation.to!));
          expect(validation.to).toBe(folds[i + 1]?.validation.from ?? split.train.to);
        });
      })
    );
  });
});

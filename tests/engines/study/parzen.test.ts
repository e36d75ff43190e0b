import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Space } from '../../../src/domain/study/space';
import { normalBelow } from '../../../src/engines/study/normal';
import { drawUniform, parzen } from '../../../src/engines/study/parzen';
import { randomStream } from '../../../src/engines/train/random';

interface Reference {
  readonly space: Space;
  readonly observed: readonly number[];
  readonly values: readonly number[];
  readonly logs: readonly number[];
}

const CASES = JSON.parse(readFileSync(join(__dirname, 'parzen-reference.json'), 'utf8')) as Reference[];

test.each(CASES.map((each) => [Object.keys(each.space)[0]!, each.observed.length, each] as const))(
  'of %s after %i trials, as Optuna 5.0.0',
  (_kind, _count, { space, observed, values, logs }) => {
    const { logAt } = parzen(space, observed);
    for (const [at, value] of values.entries()) expect(logAt(value)).toBeCloseTo(logs[at]!, 9);
  }
);

test.each([
  // scipy 1.16.2, norm.cdf
  [-8, 6.220960574271786e-16],
  [-2.5, 0.006209665325776132],
  [0, 0.5],
  [1, 0.8413447460685429],
  [3.7, 0.9998922002665226],
])('the normal distribution below %d', (z, expected) => {
  expect(Math.abs(normalBelow(z) - expected)).toBeLessThan(3e-16);
});

const spaces: fc.Arbitrary<Space> = fc.oneof(
  fc
    .tuple(fc.integer({ min: -50, max: 0 }), fc.integer({ min: 1, max: 50 }))
    .map(([low, high]) => ({ float: [low, high] as const })),
  fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 500 }))
    .map(([low, high]) => ({ log: [low / 1000, high] as const })),
  fc
    .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 30 }))
    .map(([low, width]) => ({ int: [low, low + width] as const })),
  fc.array(fc.string(), { minLength: 1, maxLength: 6 }).map((options) => ({ oneOf: options }))
);

function isIn(space: Space, value: number): boolean {
  if ('oneOf' in space) return Number.isInteger(value) && value >= 0 && value < space.oneOf.length;
  if ('int' in space) return Number.isInteger(value) && value >= space.int[0] && value <= space.int[1];
  const [low, high] = 'float' in space ? space.float : space.log;
  return value >= low && value <= high;
}

test('whatever was observed, what is drawn is in the space and possible', () => {
  fc.assert(
    fc.property(spaces, fc.integer(), fc.nat(60), (space, seed, count) => {
      const random = randomStream(seed, 3, 0);
      const observed = Array.from({ length: count }, () => drawUniform(space, random));
      const estimator = parzen(space, observed);
      for (let i = 0; i < 20; i += 1) {
        const value = estimator.draw(random);
        expect([value, isIn(space, value)]).toEqual([value, true]);
        expect(Number.isFinite(estimator.logAt(value))).toBe(true);
      }
      expect(observed.every((value) => isIn(space, value))).toBe(true);
    })
  );
});

test('probabilities of finitely many values sum to 1', () => {
  for (const { space, observed } of CASES) {
    if (!('int' in space || 'oneOf' in space)) continue;
    const [low, high] = 'int' in space ? space.int : [0, space.oneOf.length - 1];
    const { logAt } = parzen(space, observed);
    let sum = 0;
    for (let value = low; value <= high; value += 1) sum += Math.exp(logAt(value));
    expect(sum).toBeCloseTo(1, 12);
  }
});

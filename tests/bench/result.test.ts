import fc from 'fast-check';
import { type Measured, resultOf } from '../../bench/result';
import { median, medianRatio, spread } from '../../bench/spread';

const figures = (length: number) =>
  fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: length, maxLength: length });

test.each([
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 5], 5],
  [[10, 9, 100, 1], 9.5],
])('the median of %j is %d', (values, wanted) => {
  expect(median(values)).toBe(wanted);
});

test('half of the values are on either side of the median, in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1 }),
      (values) => {
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(median([...values].reverse())).toBe(middle);
      }
    )
  );
});

test('no value has no median', () => {
  expect(() => median([])).toThrow('no value');
});

test('the ratio is taken round by round: a slow machine slows both of a round', () => {
  // The ratio of the medians would be 3.
  expect(medianRatio([20, 300, 40], [10, 100, 20])).toBe(2);
});

test('a machine that is slower in one round leaves the ratio alone', () => {
  fc.assert(
    fc.property(
      figures(5),
      figures(5),
      fc.nat(4),
      fc.double({ min: 0.5, max: 8, noNaN: true }),
      (peer, ours, slow, factor) => {
        const slowed = (values: readonly number[]) => values.map((value, at) => (at === slow ? value * factor : value));
        expect(medianRatio(slowed(peer), slowed(ours))).toBeCloseTo(medianRatio(peer, ours), 6);
      }
    )
  );
});

test('rounds that make no pairs are refused', () => {
  expect(() => medianRatio([1, 2], [1])).toThrow('no pairs');
});

test('a spread is min/median/max', () => {
  expect(spread([3, 1, 2.26])).toBe('1.0/2.3/3.0');
});

const measured: Measured = {
  bench: 'steps',
  unit: 'ms per step',
  better: 'lower',
  aim: 'at most 40 ms, twice as fast as zenml',
  ours: [30.04, 36.1, 90],
  peers: new Map([
    ['zenml', [90, 100.04, 180]],
    ['luigi', [0.9, 0.91, 1.3]],
  ]),
  load: 0.123_45,
  holds: (ours, ratio) => ours <= 40 && ratio.zenml! >= 2,
};

test('the JSON line has these fields, rounded to what the figures can carry', () => {
  expect(JSON.parse(JSON.stringify(resultOf(measured)))).toEqual({
    bench: 'steps',
    unit: 'ms per step',
    better: 'lower',
    ours: 36.1,
    peers: { zenml: 100, luigi: 0.91 },
    ratio: { zenml: 2.77, luigi: 0.0252 },
    aim: 'at most 40 ms, twice as fast as zenml',
    met: true,
    runs: 3,
    load: 0.123,
  });
});

test('times better turns around where more is better', () => {
  const { ratio } = resultOf({
    ...measured,
    better: 'higher',
    ours: [40, 40, 40],
    peers: new Map([['zenml', [10, 20, 30]]]),
  });
  expect(ratio).toEqual({ zenml: 2 });
});

test('an aim that is missed by less than the rounding is missed', () => {
  expect(resultOf({ ...measured, ours: [40.01, 40.01, 40.01] })).toMatchObject({ ours: 40, met: false });
});

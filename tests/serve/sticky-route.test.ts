import fc from 'fast-check';
import { goesToCandidate, placeOf } from '../../src/serve/sticky-route';

const keys = Array.from({ length: 20_000 }, (_, i) => `customer-${i}`);

test('a share of 20 % gets 20 % of similar keys', () => {
  const candidates = keys.filter((key) => goesToCandidate('mlops/flights/2/deploy', key, 0.2)).length;
  // Five standard deviations of a binomial.
  expect(Math.abs(candidates - 4_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.2 * 0.8));
});

test('shares of 0 and 1 are nobody and everybody', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (rollout, key) => {
      expect(goesToCandidate(rollout, key, 0)).toBe(false);
      expect(goesToCandidate(rollout, key, 1)).toBe(true);
    })
  );
});

test('no key flips back while shares grow', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const flipsBack = fc.property(fc.string(), fc.string(), share, share, (rollout, key, a, b) => {
    const before = goesToCandidate(rollout, key, Math.min(a, b));
    return !before || goesToCandidate(rollout, key, Math.max(a, b));
  });
  expect(() => fc.assert(flipsBack)).not.toThrow();
});

test('another rollout deals anew', () => {
  const both = keys.filter((key) => placeOf('rollout-1', key) < 0.5 && placeOf('rollout-2', key) < 0.5).length;
  expect(Math.abs(both - 5_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.25 * 0.75));
});

test('places are the same on every replica and in every release', () => {
  expect([placeOf('mlops/flights/2/deploy', 'a'), placeOf('mlops/flights/2/deploy', 'Zürich')]).toMatchInlineSnapshot(`
[
  0.16392057528719306,
  0.14491161843761802,
]
`);
});

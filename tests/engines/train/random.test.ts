import { integerBelow, randomStream, shuffled, uniform, xoshiro128 } from '../../../src/engines/train/random';

const take = (random: () => number, count: number) => Array.from({ length: count }, random);

test("xoshiro128** gives the reference implementation's numbers", () => {
  // xoshiro128starstar.c 1.1 from the state {1, 2, 3, 4}
  const expected = [
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ];
  expect(take(xoshiro128([1, 2, 3, 4]), 10)).toEqual(expected);
});

test('streams differ by seed, purpose and index, and repeat themselves', () => {
  const names = [
    [1, 1, 0],
    [2, 1, 0],
    [1, 2, 0],
    [1, 1, 1],
    [2 ** 32 + 1, 1, 0],
    [-1, 1, 0],
    [0, 0, 0],
  ] as const;
  const firsts = names.map(([seed, stream, index]) => take(randomStream(seed, stream, index), 4).join());
  expect(new Set(firsts).size).toBe(names.length);
  expect(take(randomStream(1, 1, 0), 4).join()).toBe(firsts[0]);
});

test('the stream of a seed never changes: recorded runs depend on it', () => {
  expect(take(randomStream(42, 2, 3), 3)).toMatchInlineSnapshot(`
[
  2807429691,
  492064111,
  1234730026,
]
`);
});

test('integers below a bound are equally likely', () => {
  const counts = new Array<number>(7).fill(0);
  const random = randomStream(5, 1, 0);
  for (let i = 0; i < 70_000; i += 1) counts[integerBelow(random, 7)]! += 1;
  // χ² with 6 degrees of freedom: 22.5 is passed once in a thousand.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
});

test('a number of the incomplete block is drawn again', () => {
  const draws = [0, 3];
  // 2^32 mod 3 is 1: the number 0 is the incomplete block.
  expect(integerBelow(() => draws.shift()!, 3)).toBe(0);
  expect(draws).toEqual([]);
});

test('uniform numbers fill their range', () => {
  const values = uniform(randomStream(9, 1, 0), 20_000, 0.5);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.5);
  expect(Math.max(...values)).toBeLessThan(0.5);
  expect(Math.abs(values.reduce((sum, x) => sum + x, 0) / 20_000)).toBeLessThan(0.01);
});

test('a shuffle is a permutation, and moves its elements', () => {
  const order = shuffled(randomStream(1, 2, 0), 1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(order.filter((x, i) => x === i).length).toBeLessThan(10);
});

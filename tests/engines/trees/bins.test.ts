import fc from 'fast-check';
import { boundsOf, putInBins } from '../../../src/engines/trees/bins';
import { columnsOf } from './small-trees';

const column = (values: readonly number[]) => columnsOf([values], new Array<number>(values.length).fill(0));

function binned(values: readonly number[]): { readonly bounds: readonly number[]; readonly bins: readonly number[] } {
  const data = column(values);
  const [bounds] = boundsOf(data);
  const bins = new Uint8Array(values.length);
  putInBins(data, 0, bounds!, bins);
  return { bounds: [...bounds!], bins: [...bins] };
}

test('few distinct numbers have a bin each, the last without a bound, and missing ones the bin behind', () => {
  expect(binned([3, 1, Number.NaN, 2.5, 1])).toEqual({ bounds: [1, 2.5, Infinity], bins: [2, 0, 3, 1, 0] });
  expect(binned([-0, 0, 1])).toMatchObject({ bins: [0, 0, 1] });
  expect(binned([Number.NaN, Number.NaN])).toEqual({ bounds: [Infinity], bins: [1, 1] });
});

test('of many distinct numbers the bins hold about as many rows each', () => {
  const { bounds, bins } = binned(Array.from({ length: 10_200 }, (_, i) => ((i * 7919) % 10_200) / 10));
  expect(bounds).toHaveLength(255);
  const sizes = bounds.map((_, bin) => bins.filter((each) => each === bin).length);
  expect(Math.min(...sizes)).toBe(40);
  expect(Math.max(...sizes)).toBe(40);
});

test('a number that most rows have is a bin of its own, and the others share what is left', () => {
  const { bounds, bins } = binned(Array.from({ length: 4000 }, (_, i) => (i < 3000 ? 7 : i)));
  expect(bins.filter((bin) => bin === bins[0])).toHaveLength(3000);
  expect(bounds).toHaveLength(255);
});

test('a bin holds what is above the bound before it and not above its own, in float32', () => {
  const numbers = fc.array(fc.oneof(fc.float({ noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 })), {
    minLength: 1,
    maxLength: 700,
  });
  fc.assert(
    fc.property(numbers, (values) => {
      const { bounds, bins } = binned(values);
      const isRight = (value: number, bin: number): boolean =>
        Number.isNaN(value)
          ? bin === bounds.length
          : Math.fround(value) <= bounds[bin]! && (bin === 0 || Math.fround(value) > bounds[bin - 1]!);
      expect(values.filter((value, row) => !isRight(value, bins[row]!))).toEqual([]);
    })
  );
});

test('an infinite feature is refused by its place', () => {
  expect(() =>
    boundsOf(
      columnsOf(
        [
          [1, 2],
          [1, -Infinity],
        ],
        [0, 1]
      )
    )
  ).toThrow(/MLOPS_FEATURE_INVALID.*feature=1/);
});

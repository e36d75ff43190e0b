/** Several columns' values as one: the combinations that are frequent (cross), or a hash of them (hashing). */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import type { Column } from '../tables/columns';
import { type Emitter, oneHots, range } from './emitter';
import type { Fitted } from './fitted';
import { frequentNumbers, frequentStrings } from './frequent';
import type { Inputs } from './inputs';
import { murmur3 } from './murmur';
import { positionIn, positionsOf } from './positions';

type Cross = Fitted<'cross'>;
type Hashing = Fitted<'hashing'>;

/** Of each column the values in so many rows; of their combinations those in so many rows, by number. */
export function frequentCombinations(
  columns: readonly Column[],
  minCount: number
): { readonly categories: Cross['categories']; readonly combinations: readonly number[] } {
  const categories = columns.map((column) => {
    if (column.type === 'string') return frequentStrings(column, minCount);
    return column.type === 'number' ? frequentNumbers(column, minCount) : [];
  });
  const counts = new Map<number, number>();
  for (const id of combinationsOf(columns, categories)) if (id >= 0) counts.set(id, (counts.get(id) ?? 0) + 1);
  const combinations = [...counts].filter(([, count]) => count >= minCount).map(([id]) => id);
  return { categories, combinations: combinations.sort((a, b) => a - b) };
}

/** Numbers of combinations are whole and exact below it. */
export function combinationsPossible(categories: Cross['categories']): number {
  return categories.reduce((product, { length }) => product * (length + 1), 1);
}

/** One-hots; all 0 for a combination that is not frequent. */
export const cross: Emitter<Cross> = (o, features, inputs) =>
  oneHots(
    o,
    o.stack(features.map((feature) => combinationIn(o, feature, inputs))),
    features.map(({ combinations }) => combinations)
  );

/** Which of the frequent combinations, from 0; NaN for others: float64 [F, N]. */
export function crossNumbers(o: Operators, features: readonly Cross[], inputs: Inputs): Value {
  return whole(o, o.stack(features.map((each) => o.positionOf(combinationIn(o, each, inputs), each.combinations))));
}

/** The same of the training rows. */
export function crossValues({ categories, combinations }: Cross, columns: readonly Column[]): Float64Array {
  const position = new Map(combinations.map((id, at) => [id, at]));
  return combinationsOf(columns, categories).map((id) => position.get(id) ?? Number.NaN);
}

/** One-hots of the hash; all 0 where a value is missing. */
export const hashing: Emitter<Hashing> = (o, features, inputs) =>
  oneHots(
    o,
    o.stack(features.map((feature) => hashIn(o, feature, inputs))),
    features.map(({ buckets }) => range(buckets))
  );

/** The hash; NaN where a value is missing: float64 [F, N]. */
export function hashNumbers(o: Operators, features: readonly Hashing[], inputs: Inputs): Value {
  return whole(o, o.stack(features.map((feature) => hashIn(o, feature, inputs))));
}

/** The same of the training rows. */
export function hashValues({ buckets }: Hashing, columns: readonly Column[]): Float64Array {
  const hashes = columns.map((column) => (column.type === 'string' ? column.dictionary.map(murmur3) : []));
  const rows = columns[0]?.type === 'string' ? columns[0].codes.length : 0;
  return Float64Array.from({ length: rows }, (_, row) => {
    let hash = 0n;
    for (const [at, column] of columns.entries()) {
      const code = column.type === 'string' ? column.codes[row]! : -1;
      if (code < 0 || (column.type === 'string' && column.dictionary[code] === '')) return Number.NaN;
      hash = hash * HASH_FACTOR + BigInt(hashes[at]![code]!);
    }
    const count = BigInt(buckets);
    return Number(((hash % count) + count) % count);
  });
}

/** Of a later column's hash for the columns before it; odd, so that no bit is lost. Four hashes stay within an int64. */
const HASH_FACTOR = 31n;

/** −1 where a value is missing: int64 [N] */
function hashIn(o: Operators, { columns, buckets }: Hashing, inputs: Inputs): Value {
  const texts = columns.map((column) => inputs.vector(column));
  const hash = texts
    .map((text) => o.cast(o.murmur3(text), 'int64'))
    .reduce((all, each) => o.add(o.mul(all, o.integer(HASH_FACTOR)), each));
  const missing = texts
    .map((text) => o.equal(o.lookUp(text, [''], 1, 0), o.integer(1)))
    .reduce((all, each) => o.or(all, each));
  return o.where(missing, o.integer(-1), o.mod(hash, o.integer(buckets)));
}

/** Each column's position among its known values, from 1, and 0 for others, as digits of a number. */
function combinationIn(o: Operators, { columns, categories }: Cross, inputs: Inputs): Value {
  const positions = columns.map((column, at) => positionIn(o, inputs.vector(column), categories[at]!));
  return positions.reduce((id, position, at) => o.add(o.mul(id, o.integer(categories[at]!.length + 1)), position));
}

/** −1 where a value is not among those that its column knows: then no combination has that number. */
function combinationsOf(columns: readonly Column[], categories: Cross['categories']): Float64Array {
  const positions = columns.map((column, at) => positionsOf(column, categories[at]!));
  return Float64Array.from(positions[0]!, (_, row) => {
    let id = 0;
    for (const [at, position] of positions.entries()) {
      if (position[row] === 0) return -1;
      id = id * (categories[at]!.length + 1) + position[row]!;
    }
    return id;
  });
}

/** int64 as float64, −1 as NaN. */
function whole(o: Operators, x: Value): Value {
  return o.where(o.equal(x, o.integer(-1)), o.scalar(Number.NaN, 'float64'), o.cast(x, 'float64'));
}

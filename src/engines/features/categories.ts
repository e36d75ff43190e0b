/** One-hots of what the training rows had: all 0 for a value that they had not, and for a missing one. */
import { type Emitter, inputsOf, oneHots, range } from './emitter';
import type { Fitted } from './fitted';

/** All features read strings, or all read numbers. */
export const oneHot: Emitter<Fitted<'oneHot'>> = (o, features, input) => {
  if (input(features[0]!.column).type !== 'string') {
    const known = features.map(({ categories }) => categories as readonly number[]);
    return oneHots(o, inputsOf(o, features, input), known);
  }
  const positions = features.map(({ column, categories }) => o.lookUp(input(column), categories as string[], 0, -1));
  return oneHots(
    o,
    o.stack(positions),
    features.map(({ categories }) => range(categories.length))
  );
};

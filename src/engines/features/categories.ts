/** One-hots of what the training rows had: all 0 for a value that they had not, and for a missing one. */
import { type Emitter, rowsOf, oneHots, range } from './emitter';
import type { Fitted } from './fitted';

/** All features read strings, or all read numbers. */
export const oneHot: Emitter<Fitted<'oneHot'>> = (o, features, inputs) => {
  if (inputs.typeOf(features[0]!.column) !== 'string') {
    const known = features.map(({ categories }) => categories as readonly number[]);
    return oneHots(o, rowsOf(features, inputs), known);
  }
  const positions = features.map(({ column, categories }) =>
    o.lookUp(inputs.vector(column), categories as string[], 0, -1)
  );
  return oneHots(
    o,
    o.stack(positions),
    features.map(({ categories }) => range(categories.length))
  );
};

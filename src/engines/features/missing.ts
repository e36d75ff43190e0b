/** Which values are missing. */
import { MISSING_TIMESTAMP } from '../tables/columns';
import { type Emitter, rowsOf } from './emitter';
import type { Fitted } from './fitted';

/** All features read strings, all read timestamps, all read numbers, or all read vectors. */
export const isMissing: Emitter<Fitted<'isMissing'>> = (o, features, inputs) => {
  const type = inputs.typeOf(features[0]!.column);
  if (type === 'string') {
    const flags = features.map(({ column }) => o.lookUp(inputs.vector(column), [''], 1, 0));
    return o.cast(o.stack(flags), 'float32');
  }
  const [first] = features;
  if (inputs.vector(first!.column).shape.length === 2) {
    // A missing vector has none of its numbers.
    const firsts = features.map(({ column }) => o.slice(inputs.vector(column), 1, 0, 1));
    return o.cast(o.isNaN(o.transpose(firsts.length === 1 ? firsts[0]! : o.concat(firsts, 1))), 'float32');
  }
  const values = rowsOf(features, inputs);
  return o.cast(type === 'int64' ? o.equal(values, o.integer(MISSING_TIMESTAMP)) : o.isNaN(values), 'float32');
};

/** Which values are missing. */
import { MISSING_TIMESTAMP } from '../tables/columns';
import { type Emitter, rowsOf } from './emitter';
import type { Fitted } from './fitted';

/** All features read strings, all read timestamps, or all read numbers. */
export const isMissing: Emitter<Fitted<'isMissing'>> = (o, features, inputs) => {
  const type = inputs.typeOf(features[0]!.column);
  if (type === 'string') {
    const flags = features.map(({ column }) => o.lookUp(inputs.vector(column), [''], 1, 0));
    return o.cast(o.stack(flags), 'float32');
  }
  const values = rowsOf(features, inputs);
  return o.cast(type === 'int64' ? o.equal(values, o.integer(MISSING_TIMESTAMP)) : o.isNaN(values), 'float32');
};

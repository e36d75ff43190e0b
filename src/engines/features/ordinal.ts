/** A text's position in a declared order. */
import type { Column } from '../tables/columns';
import type { NumberKind } from './number-kind';
import { meanOf } from './statistics';

export const ordinal: NumberKind<'ordinal'> = {
  fit: ({ order }, [column]) => ({ order, fill: meanOf(positions(column, order)) }),
  values: ({ order }, [column]) => positions(column, order),
  emit: (o, features, inputs) => {
    const found = o.stack(features.map(({ column, order }) => o.lookUp(inputs.vector(column), order, 0, -1)));
    return o.where(o.equal(found, o.integer(-1)), o.scalar(Number.NaN, 'float64'), o.cast(found, 'float64'));
  },
};

/** NaN for a text that the order lacks. */
function positions(column: Column | undefined, order: readonly string[]): Float64Array {
  if (column?.type !== 'string') return new Float64Array();
  const byCode = column.dictionary.map((text) => order.indexOf(text));
  return Float64Array.from(column.codes, (code) => (code < 0 || byCode[code]! < 0 ? Number.NaN : byCode[code]!));
}

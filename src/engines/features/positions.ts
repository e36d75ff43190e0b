/** Where a value stands among those that training knew: in the graph, and for the training rows. */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float32 } from '../onnx/tensor';
import type { Column } from '../tables/columns';
import { oneHots, range } from './emitter';

export type Categories = readonly string[] | readonly number[];

/** From 1; 0 for others and for a missing one: int64 [N]. */
export function positionIn(o: Operators, x: Value, known: Categories): Value {
  if (x.type === 'string') return o.lookUp(x, known as readonly string[], 1, 0);
  const numbers = known as readonly number[];
  const one = o.integer(1);
  if (numbers.every(Number.isSafeInteger)) {
    const whole = o.cast(x, 'int64');
    const isWhole = o.equal(o.cast(whole, 'float64'), x);
    return o.where(isWhole, o.add(o.positionOf(whole, numbers), one), o.integer(0));
  }
  const weights = range(numbers.length).map((at) => at + 1);
  const position = o.matMul(
    o.transpose(oneHots(o, o.unsqueeze(x, 0), [numbers])),
    o.constant(float32(weights, [weights.length, 1]))
  );
  return o.cast(o.squeeze(position, 1), 'int64');
}

/** The same of rows in memory: [rows]. */
export function positionsOf(column: Column, known: Categories): Int32Array {
  const positions = new Map<string | number, number>(known.map((value, at) => [value, at + 1]));
  switch (column.type) {
    case 'string': {
      const byCode = column.dictionary.map((text) => positions.get(text) ?? 0);
      return column.codes.map((code) => (code < 0 ? 0 : byCode[code]!));
    }
    case 'number':
      return Int32Array.from(column.values, (value) => positions.get(value + 0) ?? 0);
    case 'text':
    case 'vector':
    case 'timestamp':
      throw new TypeError(`a ${column.type} is not a category`);
  }
}

/**
 * How features of one kind become nodes: all of them at once, as vectors, so that a thousand columns take as many nodes as
 * two. The part of `dense` that they make is float32 [N, their widths], feature after feature.
 */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float64, int64 } from '../onnx/tensor';

/** @param input the graph's input of a column, [N] */
export type Emitter<T> = (o: Operators, features: readonly T[], input: (column: string) => Value) => Value;

/** The features' inputs side by side, [N, F]. */
export function inputsOf(
  o: Operators,
  features: readonly { readonly column: string }[],
  input: (column: string) => Value
): Value {
  return o.columns(features.map(({ column }) => input(column)));
}

/** Each feature's value against those that it knows, 1 where they are equal: [N, F] → float32 [N, all known values]. */
export function oneHots(o: Operators, x: Value, known: readonly (readonly number[])[]): Value {
  const values = known.flat();
  const all = o.constant(x.type === 'float64' ? float64(values) : int64(values));
  const repeated = repeat(
    o,
    x,
    known.map(({ length }) => length)
  );
  return o.cast(o.equal(repeated, all), 'float32');
}

/** Each feature's column as often as it needs: [N, F] → [N, sum of times], or one column, which broadcasts by itself. */
export function repeat(o: Operators, x: Value, times: readonly number[]): Value {
  if (times.length === 1) return x;
  return o.select(
    x,
    times.flatMap((count, column) => new Array<number>(count).fill(column))
  );
}

/** 0 … count−1 */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

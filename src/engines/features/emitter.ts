/**
 * How features of one kind become nodes: all of them at once, as vectors, so that a thousand columns take as many nodes as
 * two. Values are [features, rows] on the way: onnxruntime's loops run along the last axis, and an operand that is one number a
 * feature, [F, 1], costs nothing there.
 */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float64, int64 } from '../onnx/tensor';
import type { Inputs } from './inputs';

/** Gives the columns of `dense` that the features make, each a row: float32 [sum of widths, N], feature after feature. */
export type Emitter<T> = (o: Operators, features: readonly T[], inputs: Inputs) => Value;

/** What the features read, [F, N]. */
export function rowsOf(features: readonly { readonly column: string }[], inputs: Inputs): Value {
  return inputs.rows(features.map(({ column }) => column));
}

/** One number for each feature, [F, 1]. */
export function perFeature(o: Operators, type: 'float64' | 'int64', numbers: readonly number[]): Value {
  const shape = [numbers.length, 1];
  return o.constant(type === 'float64' ? float64(numbers, shape) : int64(numbers, shape));
}

/** Each feature's value against those that it knows, 1 where they are equal: [F, N] → float32 [all known values, N]. */
export function oneHots(o: Operators, x: Value, known: readonly (readonly number[])[]): Value {
  const values = perFeature(o, x.type === 'float64' ? 'float64' : 'int64', known.flat());
  const counts = known.map(({ length }) => length);
  return o.cast(o.equal(repeat(o, x, counts), values), 'float32');
}

/** Each feature as often as it needs: [F, N] → [sum of times, N]; a single one broadcasts by itself. */
export function repeat(o: Operators, x: Value, times: readonly number[]): Value {
  if (times.length === 1) return x;
  return o.gather(x, o.integers(times.flatMap((count, feature) => new Array<number>(count).fill(feature))));
}

/** 0 … count−1 */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

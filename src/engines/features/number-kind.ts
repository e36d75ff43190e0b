/**
 * Transforms that make one number of a row. Each kind says three things side by side: what the training rows teach it, the
 * number in double precision (fitting later transforms needs it), and the nodes that compute it.
 */
import type { FeatureDefinition } from '../../domain/definition';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import type { Column } from '../tables/columns';
import { perFeature } from './emitter';
import type { FittedNumber } from './fitted';
import type { Inputs } from './inputs';

export type NumberTransform = FittedNumber['transform'];
type Definition<K extends NumberTransform> = Extract<FeatureDefinition, { readonly transform: K }>;
type Fitted<K extends NumberTransform> = Extract<FittedNumber, { readonly transform: K }>;
type Learned<F> = F extends FittedNumber ? Omit<F, 'transform' | 'column' | 'columns' | 'as' | 'op' | 'part'> : never;

export interface NumberKind<K extends NumberTransform> {
  /** @param columns what it reads, of the training rows; none holds an infinite number */
  readonly fit: (feature: Definition<K>, columns: readonly Column[]) => Learned<Fitted<K>>;
  /** Each row's number; what is not finite counts as missing. */
  readonly values: (fitted: Fitted<K>, columns: readonly Column[]) => Float64Array;
  /** The same in the graph, all features at once: float64 [F, N]. */
  readonly emit: (o: Operators, features: readonly Fitted<K>[], inputs: Inputs) => Value;
}

/** Each number by itself. */
export function mapped(column: Column | undefined, value: (x: number) => number): Float64Array {
  return column?.type === 'number' ? column.values.map(value) : new Float64Array();
}

/** As `named` does in the graph. */
export function finiteOnly(values: Float64Array): Float64Array {
  return values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
}

/** Numbers for later transforms: what is not finite is missing, so that none of them meets an infinity. */
export function named(o: Operators, values: Value): Value {
  return o.where(isFinite(o, values), values, o.scalar(Number.NaN, 'float64'));
}

/**
 * Numbers as rows of `dense`: filled where there is none, and within the range of float32.
 * @param fills of each feature; null: what is missing is NaN
 */
export function finished(o: Operators, values: Value, fills: readonly (number | null)[]): Value {
  const filling = perFeature(
    o,
    'float64',
    fills.map((fill) => fill ?? 0)
  );
  const known = isFinite(o, values);
  const numbers = o.cast(o.clip(o.where(known, values, filling), -LARGEST_FLOAT, LARGEST_FLOAT), 'float32');
  if (!fills.includes(null)) return numbers;
  const missing = perFeature(
    o,
    'float64',
    fills.map((fill) => (fill === null ? Number.NaN : 0))
  );
  return o.add(numbers, o.cast(o.where(known, o.scalar(0, 'float64'), missing), 'float32'));
}

/** (2 − 2⁻²³) × 2¹²⁷ */
const LARGEST_FLOAT = 3.4028234663852886e38;

/** Not NaN, not an infinity. */
export function isFinite(o: Operators, values: Value): Value {
  return o.lessOrEqual(o.abs(values), o.scalar(Number.MAX_VALUE, 'float64'));
}

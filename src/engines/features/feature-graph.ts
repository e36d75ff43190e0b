/**
 * Fitted features as graph nodes. They make the training features, and stand unchanged in every model's graph.
 *
 * Inputs, each [N] and named like its column: timestamps int64 µs since 1970 (missing: −2^63); integers, numbers and
 * booleans float64 (missing: NaN); strings (missing: ''). Outputs: `dense` float32 [N, K], and `index:<column>` int64
 * [N] for each embedding.
 *
 * What is missing becomes: standardized numbers 0, the mean; one-hots and cycles all 0; embeddings row 0, the unknown
 * category. The same holds for values ≤ 0 of a logarithm and for categories that training didn't know.
 *
 * Logarithms, sines and cosines are computed in double and then rounded to float: in float their last bit depends on a
 * row's place in its batch.
 */
import { DAY_US } from '../../domain/durations';
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';
import { float64, int64 } from '../onnx/tensor';
import { isMissingTime, microsecondOfDay, weekday } from './calendar';
import type { FittedFeatures, FittedTransform, InputType } from './fitted';

export interface FeatureValues {
  /** float32 [N, K]; undefined when every feature is an embedding. */
  readonly dense?: Value;
  /** int64 [N] for each embedding, in the features' order. */
  readonly indices: readonly Value[];
}

export const DENSE = 'dense';
export const indexName = (column: string) => `index:${column}`;

/** Adds inputs and nodes of the features to a graph; always the first to do so, so their names are always the same. */
export function addFeatures(graph: Graph, fitted: FittedFeatures): FeatureValues {
  const o = operators(graph);
  const types = { timestamp: 'int64', number: 'float64', string: 'string' } as const satisfies Record<
    InputType,
    string
  >;
  const inputs = new Map(fitted.inputs.map(({ column, type }) => [column, graph.input(column, types[type], ['N'])]));
  const parts: Value[] = [];
  const indices: Value[] = [];
  for (const transform of fitted.transforms) {
    const x = inputs.get(transform.column)!;
    if (transform.transform === 'embedding') {
      indices.push(o.lookUp(x, transform.categories, 1, 0, indexName(transform.column)));
    } else {
      parts.push(denseFeature(o, x, transform));
    }
  }
  return { dense: parts.length === 0 ? undefined : o.concat(parts, 1, DENSE), indices };
}

/** The features alone, as a model: the bytes that make training features. */
export function featureGraph(fitted: FittedFeatures): Uint8Array {
  const graph = new Graph('features');
  const { dense, indices } = addFeatures(graph, fitted);
  if (dense !== undefined) graph.output(dense);
  for (const index of indices) graph.output(index);
  return encodeModel(graph);
}

type DenseTransform = Exclude<FittedTransform, { readonly transform: 'embedding' }>;

/** [N] → float32 [N, width] */
function denseFeature(o: Operators, x: Value, fitted: DenseTransform): Value {
  switch (fitted.transform) {
    case 'timeOfDayBuckets': {
      // Scaled before the division: exact also where the day doesn't divide into whole microseconds.
      const scaled = o.mul(microsecondOfDay(o, x), o.integer(fitted.buckets));
      const bucket = o.div(scaled, o.integer(DAY_US));
      return positions(o, o.where(isMissingTime(o, x), o.integer(-1), bucket), fitted.buckets);
    }
    case 'timeOfDayCycles': {
      const radians = Array.from({ length: fitted.harmonics }, (_, h) => (2 * Math.PI * (h + 1)) / DAY_US);
      const moment = o.unsqueeze(o.cast(microsecondOfDay(o, x), 'float64'), 1);
      const angles = o.mul(moment, o.constant(float64(radians, [1, fitted.harmonics])));
      const cycles = o.concat([o.cast(o.sin(angles), 'float32'), o.cast(o.cos(angles), 'float32')], 1);
      return o.where(o.unsqueeze(isMissingTime(o, x), 1), o.scalar(0), cycles);
    }
    case 'weekday':
      return positions(o, o.where(isMissingTime(o, x), o.integer(-1), weekday(o, x)), 7);
    case 'standardize':
      return standardized(o, x, o.isNaN(x), fitted);
    case 'logStandardize': {
      const missing = o.or(o.isNaN(x), o.lessOrEqual(x, o.scalar(0, 'float64')));
      const positive = o.where(missing, o.scalar(1, 'float64'), x);
      return standardized(o, o.log(positive), missing, fitted);
    }
    case 'oneHot': {
      const { categories } = fitted;
      if (x.type === 'string') return positions(o, o.lookUp(x, categories as string[], 0, -1), categories.length);
      return oneHot(o, x, o.constant(float64(categories as number[], [1, categories.length])));
    }
  }
}

/** (x − mean) ÷ deviation, and 0 where missing: float64 [N] → float32 [N, 1] */
function standardized(
  o: Operators,
  x: Value,
  missing: Value,
  { mean, deviation }: { readonly mean: number; readonly deviation: number }
): Value {
  const standard = o.div(o.sub(x, o.scalar(mean, 'float64')), o.scalar(deviation, 'float64'));
  return o.unsqueeze(o.cast(o.where(missing, o.scalar(0, 'float64'), standard), 'float32'), 1);
}

/** int64 [N] → float32 [N, count]: 1 at the position; a negative position gives zeros. */
function positions(o: Operators, position: Value, count: number): Value {
  return oneHot(
    o,
    position,
    o.constant(
      int64(
        Array.from({ length: count }, (_, i) => i),
        [1, count]
      )
    )
  );
}

/** [N] and [1, K] of one type → float32 [N, K]: 1 where equal. */
function oneHot(o: Operators, x: Value, values: Value): Value {
  return o.cast(o.equal(o.unsqueeze(x, 1), values), 'float32');
}

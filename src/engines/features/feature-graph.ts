/**
 * Fitted features as graph nodes. They make the training features, and stand unchanged in every model's graph.
 *
 * Inputs, each [N] and named like its column: timestamps int64 µs since 1970 (missing: −2^63); integers, numbers and
 * booleans float64 (missing: NaN); strings (missing: ''). Outputs: `dense` float32 [N, K], and `index:<column>` int64
 * [N] for each embedding. `dense` has the features kind by kind (emitter.ts), and of one kind in their own order.
 *
 * What is missing becomes: standardized numbers 0, the mean; one-hots and cycles all 0; embeddings row 0, the unknown
 * category. The same holds for values ≤ 0 of a logarithm and for categories that training didn't know.
 *
 * Logarithms, sines and cosines are computed in double and then rounded to float: in float their last bit depends on a
 * row's place in its batch.
 */
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';
import { timeOfDayBuckets, timeOfDayCycles, weekday } from './calendar';
import { oneHot } from './categories';
import type { Emitter } from './emitter';
import type { Fitted, FittedFeatures, FittedTransform, InputType } from './fitted';
import { logStandardize, standardize } from './numbers';

export interface FeatureValues {
  /** float32 [N, K]; undefined when every feature is an embedding. */
  readonly dense?: Value;
  /** int64 [N] for each embedding, in the features' order. */
  readonly indices: readonly Value[];
}

export const DENSE = 'dense';
export const indexName = (column: string) => `index:${column}`;

type DenseTransform = Exclude<FittedTransform, Fitted<'embedding'>>;

const EMITTERS: { readonly [K in DenseTransform['transform']]: Emitter<Fitted<K>> } = {
  timeOfDayBuckets,
  timeOfDayCycles,
  weekday,
  standardize,
  logStandardize,
  oneHot,
};

/** Adds inputs and nodes of the features to a graph; always the first to do so, so their names are always the same. */
export function addFeatures(graph: Graph, fitted: FittedFeatures): FeatureValues {
  const o = operators(graph);
  const types = { timestamp: 'int64', number: 'float64', string: 'string' } as const satisfies Record<
    InputType,
    string
  >;
  const inputs = new Map(fitted.inputs.map(({ column, type }) => [column, graph.input(column, types[type], ['N'])]));
  const input = (column: string) => inputs.get(column)!;
  const indices = fitted.transforms.flatMap((transform) =>
    transform.transform === 'embedding'
      ? [o.lookUp(input(transform.column), transform.categories, 1, 0, indexName(transform.column))]
      : []
  );
  const parts = groupsOf(fitted.transforms, input).map((group) => emit(o, group, input));
  return { dense: parts.length === 0 ? undefined : o.transpose(o.concat(parts, 0), DENSE), indices };
}

/** The features alone, as a model: the bytes that make training features. */
export function featureGraph(fitted: FittedFeatures): Uint8Array {
  const graph = new Graph('features');
  const { dense, indices } = addFeatures(graph, fitted);
  if (dense !== undefined) graph.output(dense);
  for (const index of indices) graph.output(index);
  return encodeModel(graph);
}

/** Features of one kind: one transform, and inputs of one type. Kinds in the order of their first feature. */
function groupsOf(
  transforms: readonly FittedTransform[],
  input: (column: string) => Value
): readonly (readonly DenseTransform[])[] {
  const groups = new Map<string, DenseTransform[]>();
  for (const feature of transforms) {
    if (feature.transform === 'embedding') continue;
    const kind = `${feature.transform} of ${input(feature.column).type}`;
    const group = groups.get(kind) ?? [];
    group.push(feature);
    groups.set(kind, group);
  }
  return [...groups.values()];
}

function emit(o: Operators, group: readonly DenseTransform[], input: (column: string) => Value): Value {
  // All of a group have the transform of the first.
  const emitter = EMITTERS[group[0]!.transform] as Emitter<DenseTransform>;
  return emitter(o, group, input);
}

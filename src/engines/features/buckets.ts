/** Numbers in buckets of the training rows' quantiles. */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float64 } from '../onnx/tensor';
import type { Column } from '../tables/columns';
import { type Emitter, perFeature, repeat, rowsOf } from './emitter';
import type { Fitted } from './fitted';
import type { Inputs } from './inputs';
import { mapped } from './number-kind';
import { quantile, sorted } from './statistics';

/** Inner edges, each once; none at the least number, below which there is no training row. */
export function quantileEdges(column: Column, buckets: number): readonly number[] {
  const ascending = sorted(mapped(column, (x) => x));
  const edges = Array.from({ length: buckets - 1 }, (_, i) => quantile(ascending, (i + 1) / buckets));
  return [...new Set(edges)].filter((edge) => edge > (ascending[0] ?? 0));
}

/** One-hots, all 0 where the number is missing. */
export const quantileBuckets: Emitter<Fitted<'quantileBuckets'>> = (o, features, inputs) => {
  const numbers = rowsOf(features, inputs);
  const each = repeat(
    o,
    numbers,
    features.map(({ edges }) => edges.length + 1)
  );
  const bounds = (of: (edges: readonly number[]) => readonly number[]) =>
    perFeature(
      o,
      'float64',
      features.flatMap(({ edges }) => of(edges))
    );
  const from = o.lessOrEqual(
    bounds((edges) => [Number.NEGATIVE_INFINITY, ...edges]),
    each
  );
  const beyond = o.lessOrEqual(
    bounds((edges) => [...edges, Number.POSITIVE_INFINITY]),
    each
  );
  return o.cast(o.and(from, o.not(beyond)), 'float32');
};

/** The buckets' numbers, float64 [F, N]: how many edges lie at the number or below it. */
export function bucketNumbers(o: Operators, features: readonly Fitted<'quantileBuckets'>[], inputs: Inputs): Value {
  const numbers = rowsOf(features, inputs);
  const most = Math.max(1, ...features.map(({ edges }) => edges.length));
  // A row of edges for each feature; NaN, of which no number is the same or more, at the ends of the shorter ones.
  const edges = features.flatMap((feature) => Array.from({ length: most }, (_, i) => feature.edges[i] ?? Number.NaN));
  const reached = o.lessOrEqual(o.constant(float64(edges, [features.length, 1, most])), o.unsqueeze(numbers, 2));
  const count = o.cast(o.squeeze(o.sumOverLast(o.cast(reached, 'float32')), 2), 'float64');
  return o.where(o.isNaN(numbers), o.scalar(Number.NaN, 'float64'), count);
}

/** The same of the training rows. */
export function bucketsOf(column: Column, edges: readonly number[]): Float64Array {
  return mapped(column, (x) => (Number.isNaN(x) ? x : edges.filter((edge) => edge <= x).length));
}

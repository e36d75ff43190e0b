/** The numbers of a vector as columns of `dense`. */
import type { FeatureDefinition } from '../../domain/definition';
import { float64 } from '../onnx/tensor';
import type { VectorColumn } from '../tables/columns';
import type { Emitter } from './emitter';
import type { Fitted } from './fitted';
import { finished } from './number-kind';
import { momentsOf } from './statistics';

type Definition = Extract<FeatureDefinition, { readonly transform: 'components' }>;
type Components = Fitted<'components'>;

/** By the rows that are there, one component after the other. */
export function fitComponents({ transform, column, scale }: Definition, { width, values }: VectorColumn): Components {
  const rows = values.length / width;
  const moments = Array.from({ length: width }, (_, component) =>
    momentsOf(Float64Array.from({ length: rows }, (__, row) => values[row * width + component]!))
  );
  const means = moments.map(({ mean }) => mean);
  if (scale === 'none') {
    return { transform, column, centres: means.map(() => 0), scales: means.map(() => 1), fills: means };
  }
  const scales = moments.map(({ deviation }) => deviation);
  return { transform, column, centres: means, scales, fills: means.map(() => 0) };
}

/** As many nodes for each as its vector needs, however wide that is. */
export const components: Emitter<Components> = (o, features, inputs) => {
  const parts = features.map(({ column, centres, scales, fills }) => {
    const perComponent = (numbers: readonly number[]) => o.constant(float64(numbers, [numbers.length, 1]));
    const numbers = o.transpose(inputs.vector(column));
    const scaled = o.div(o.sub(numbers, perComponent(centres)), perComponent(scales));
    return finished(o, scaled, fills);
  });
  return parts.length === 1 ? parts[0]! : o.concat(parts, 0);
};

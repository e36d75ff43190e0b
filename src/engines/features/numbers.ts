/** Numbers on one scale: (x − mean) ÷ deviation of the training rows, and the mean, 0, where there is no number. */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { type Emitter, inputsOf, perFeature } from './emitter';
import type { Fitted } from './fitted';

export const standardize: Emitter<Fitted<'standardize'>> = (o, features, input) =>
  standardized(o, inputsOf(o, features, input), features);

export const logStandardize: Emitter<Fitted<'logStandardize'>> = (o, features, input) => {
  const numbers = inputsOf(o, features, input);
  const hasNone = o.lessOrEqual(numbers, o.scalar(0, 'float64'));
  return standardized(o, o.log(o.where(hasNone, o.scalar(Number.NaN, 'float64'), numbers)), features);
};

/** float64 [F, N] → float32 [F, N] */
function standardized(
  o: Operators,
  numbers: Value,
  features: readonly { readonly mean: number; readonly deviation: number }[]
): Value {
  const means = perFeature(
    o,
    'float64',
    features.map(({ mean }) => mean)
  );
  const deviations = perFeature(
    o,
    'float64',
    features.map(({ deviation }) => deviation)
  );
  const standard = o.div(o.sub(numbers, means), deviations);
  return o.cast(o.where(o.isNaN(numbers), o.scalar(0, 'float64'), standard), 'float32');
}

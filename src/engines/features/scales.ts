/** Numbers of one column on another scale. */
import type { Operators } from '../onnx/operators';
import type { Value } from '../onnx/graph';
import { perFeature, rowsOf } from './emitter';
import { mapped, type NumberKind } from './number-kind';
import { divisor, meanOf, momentsOf, quantile, sorted } from './statistics';

export const standardize: NumberKind<'standardize'> = {
  fit: (_, [column]) => ({ ...momentsOf(mapped(column, itself)), fill: 0 }),
  values: ({ mean, deviation }, [column]) => mapped(column, (x) => (x - mean) / deviation),
  emit: (o, features, inputs) =>
    scaled(
      o,
      rowsOf(features, inputs),
      features.map(({ mean }) => mean),
      features.map(({ deviation }) => deviation)
    ),
};

export const logStandardize: NumberKind<'logStandardize'> = {
  fit: (_, [column]) => ({ ...momentsOf(mapped(column, logOf)), fill: 0 }),
  values: ({ mean, deviation }, [column]) => mapped(column, (x) => (logOf(x) - mean) / deviation),
  emit: (o, features, inputs) =>
    scaled(
      o,
      logarithm(o, rowsOf(features, inputs)),
      features.map(({ mean }) => mean),
      features.map(({ deviation }) => deviation)
    ),
};

export const robust: NumberKind<'robust'> = {
  fit: (_, [column]) => {
    const ascending = sorted(mapped(column, itself));
    const distance = divisor(quantile(ascending, 0.75) - quantile(ascending, 0.25));
    return { median: quantile(ascending, 0.5), distance, fill: 0 };
  },
  values: ({ median, distance }, [column]) => mapped(column, (x) => (x - median) / distance),
  emit: (o, features, inputs) =>
    scaled(
      o,
      rowsOf(features, inputs),
      features.map(({ median }) => median),
      features.map(({ distance }) => distance)
    ),
};

export const minMax: NumberKind<'minMax'> = {
  fit: (_, [column]) => {
    const values = mapped(column, itself);
    const ascending = sorted(values);
    const min = ascending[0] ?? 0;
    const range = divisor((ascending.at(-1) ?? 0) - min);
    return { min, range, fill: ascending.length === 0 ? 0 : (meanOf(values) - min) / range };
  },
  values: ({ min, range }, [column]) => mapped(column, (x) => (x - min) / range),
  emit: (o, features, inputs) =>
    scaled(
      o,
      rowsOf(features, inputs),
      features.map(({ min }) => min),
      features.map(({ range }) => range)
    ),
};

export const log: NumberKind<'log'> = {
  fit: ({ plus }, [column]) => ({ plus, fill: meanOf(mapped(column, (x) => logOf(x + plus))) }),
  values: ({ plus }, [column]) => mapped(column, (x) => logOf(x + plus)),
  emit: (o, features, inputs) => {
    const plus = perFeature(
      o,
      'float64',
      features.map((feature) => feature.plus)
    );
    return logarithm(o, o.add(rowsOf(features, inputs), plus));
  },
};

export const clip: NumberKind<'clip'> = {
  fit: (feature, [column]) => {
    const values = mapped(column, itself);
    const ascending = sorted(values);
    const bound = (given: typeof feature.min, otherwise: number) =>
      given === undefined ? otherwise : typeof given === 'number' ? given : quantile(ascending, given.quantile);
    const min = bound(feature.min, -Number.MAX_VALUE);
    const max = bound(feature.max, Number.MAX_VALUE);
    return {
      min,
      max,
      fill: ascending.length === 0 ? within(0, min, max) : meanOf(values.map((x) => within(x, min, max))),
    };
  },
  values: ({ min, max }, [column]) => mapped(column, (x) => within(x, min, max)),
  emit: (o, features, inputs) => {
    const numbers = rowsOf(features, inputs);
    const least = perFeature(
      o,
      'float64',
      features.map(({ min }) => min)
    );
    const greatest = perFeature(
      o,
      'float64',
      features.map(({ max }) => max)
    );
    // By comparisons: what a minimum does with a missing number depends on its place in the batch.
    const notLess = o.where(o.lessOrEqual(numbers, least), least, numbers);
    return o.where(o.lessOrEqual(greatest, notLess), greatest, notLess);
  },
};

/** Its fill is what it is for: under a name, too, nothing is missing. */
export const impute: NumberKind<'impute'> = {
  fit: ({ with: how }, [column]) => {
    const values = mapped(column, itself);
    if (typeof how === 'number') return { fill: how };
    return { fill: how === 'mean' ? meanOf(values) : quantile(sorted(values), 0.5) };
  },
  values: ({ fill }, [column]) => mapped(column, (x) => (Number.isNaN(x) ? fill : x)),
  emit: (o, features, inputs) => {
    const numbers = rowsOf(features, inputs);
    return o.where(
      o.isNaN(numbers),
      perFeature(
        o,
        'float64',
        features.map(({ fill }) => fill)
      ),
      numbers
    );
  },
};

function itself(x: number): number {
  return x;
}

/** Not a number, so missing, where there is no logarithm. */
function logOf(x: number): number {
  return x > 0 ? Math.log(x) : Number.NaN;
}

function within(x: number, min: number, max: number): number {
  return x <= min ? min : x >= max ? max : x;
}

function logarithm(o: Operators, numbers: Value): Value {
  const hasNone = o.lessOrEqual(numbers, o.scalar(0, 'float64'));
  return o.log(o.where(hasNone, o.scalar(Number.NaN, 'float64'), numbers));
}

/** (x − centre) ÷ scale */
function scaled(o: Operators, numbers: Value, centres: readonly number[], scales: readonly number[]): Value {
  return o.div(o.sub(numbers, perFeature(o, 'float64', centres)), perFeature(o, 'float64', scales));
}

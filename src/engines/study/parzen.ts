/**
 * Parzen estimators of one space: how likely good, or other, trials have each value. Kernels, their widths and weights are those of Optuna
 * 5.0.0 (`_tpe/parzen_estimator.py`, without its end points, with its clipped widths); the last kernel is the prior.
 */
import type { Space } from '../../domain/study/space';
import { integerBelow, type Random } from '../train/random';
import { normalBelow, normalDensity, normalWithin, unit } from './normal';

export interface Parzen {
  /** Log density, or log probability of one of finitely many values. */
  readonly logAt: (value: number) => number;
  readonly draw: (random: Random) => number;
}

/** So many of the newest trials weigh the same; older ones less and less. */
const FULL_WEIGHTS = 25;

/** @param observed values in the order of their trials */
export function parzen(space: Space, observed: readonly number[]): Parzen {
  const weights = kernelWeights(observed.length);
  return 'oneOf' in space ? ofOptions(space.oneOf.length, observed, weights) : ofNumbers(space, observed, weights);
}

/** Each value equally likely; of `log` each logarithm. */
export function drawUniform(space: Space, random: Random): number {
  if ('oneOf' in space) return integerBelow(random, space.oneOf.length);
  if ('int' in space) return space.int[0] + integerBelow(random, space.int[1] - space.int[0] + 1);
  const { low, high, outer } = scaleOf(space);
  return outer(low + unit(random) * (high - low));
}

function kernelWeights(observed: number): readonly number[] {
  const ramp = observed - FULL_WEIGHTS;
  const raw = Array.from({ length: observed }, (_, at) => {
    if (at >= ramp) return 1;
    return ramp === 1 ? 1 / observed : 1 / observed + (at * (1 - 1 / observed)) / (ramp - 1);
  });
  const all = [...raw, 1];
  const sum = all.reduce((total, weight) => total + weight, 0);
  return all.map((weight) => weight / sum);
}

/** An observation's kernel gives its own option a whole trial more than the prior gives each. */
function ofOptions(options: number, observed: readonly number[], weights: readonly number[]): Parzen {
  const kernels = observed.length + 1;
  const share = Array<number>(options).fill(0);
  for (let option = 0; option < options; option += 1)
    for (let kernel = 0; kernel < kernels; kernel += 1) {
      const prior = 1 / kernels;
      const own = kernel < observed.length ? prior * options + 1 : prior * options;
      share[option]! += (weights[kernel]! * (prior + Number(observed[kernel] === option))) / own;
    }
  return {
    logAt: (value) => Math.log(share[value] ?? 0),
    draw: (random) => place(share, random),
  };
}

interface Scale {
  readonly low: number;
  readonly high: number;
  /** Onto the scale on which kernels are normal, and back within the space. */
  readonly inner: (value: number) => number;
  readonly outer: (value: number) => number;
}

type NumberSpace = Exclude<Space, { readonly oneOf: unknown }>;

function scaleOf(space: NumberSpace): Scale {
  if ('float' in space) {
    const [low, high] = space.float;
    return { low, high, inner: (value) => value, outer: (value) => value };
  }
  if ('log' in space) {
    const [least, most] = space.log;
    const within = (value: number) => Math.min(most, Math.max(least, value));
    return { low: Math.log(least), high: Math.log(most), inner: Math.log, outer: (value) => within(Math.exp(value)) };
  }
  const [least, most] = space.int;
  const within = (value: number) => Math.min(most, Math.max(least, Math.round(value)));
  return { low: least - 0.5, high: most + 0.5, inner: (value) => value, outer: within };
}

function ofNumbers(space: NumberSpace, observed: readonly number[], weights: readonly number[]): Parzen {
  const { low, high, inner, outer } = scaleOf(space);
  const means = observed.map(inner);
  const spreads = [...spreadsOf(means, low, high), high - low];
  means.push((low + high) / 2);
  const masses = means.map(
    (mean, at) => normalBelow((high - mean) / spreads[at]!) - normalBelow((low - mean) / spreads[at]!)
  );
  const density = (x: number, at: number) => normalDensity((x - means[at]!) / spreads[at]!) / spreads[at]!;
  const probability = (x: number, at: number) =>
    normalBelow((x + 0.5 - means[at]!) / spreads[at]!) - normalBelow((x - 0.5 - means[at]!) / spreads[at]!);
  const of = 'int' in space ? probability : density;
  return {
    logAt: (value) => {
      const x = inner(value);
      return Math.log(means.reduce((sum, _, at) => sum + (weights[at]! * of(x, at)) / masses[at]!, 0));
    },
    draw: (random) => {
      const at = place(weights, random);
      return outer(normalWithin(random, means[at]!, spreads[at]!, low, high));
    },
  };
}

/** Each kernel reaches to the farther one of its neighbours, but neither too near nor over the whole space. */
function spreadsOf(means: readonly number[], low: number, high: number): number[] {
  const order = means.map((_, at) => at).sort((a, b) => means[a]! - means[b]! || a - b);
  const narrowest = (high - low) / Math.min(100, means.length + 2);
  const spreads = Array<number>(means.length);
  for (const [rank, at] of order.entries()) {
    const mean = means[at]!;
    const [before, after] = [means[order[rank - 1] ?? -1], means[order[rank + 1] ?? -1]];
    const alone = before === undefined && after === undefined;
    const below = before === undefined ? (alone ? mean - low : 0) : mean - before;
    const above = after === undefined ? (alone ? high - mean : 0) : after - mean;
    spreads[at] = Math.min(high - low, Math.max(narrowest, below, above));
  }
  return spreads;
}

/** A place, as likely as its share of the weights, which sum to 1. */
function place(weights: readonly number[], random: Random): number {
  let left = unit(random);
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return at;
  }
  return weights.length - 1;
}

/** Metrics of one model's scores, kept so that intervals and paired differences can be taken by blocks. */
import type { Interval } from '../../domain/evaluation';
import { type Blocks, blockCounts, total } from './blocks';
import { jackknifeInterval, meanInterval } from './intervals';

/**
 * A mean's sums over blocks, or any statistic with its value without each block: a function, so that of hundreds of statistics on
 * blocks of one row each one array at a time is in memory.
 */
export type Measured =
  | { readonly kind: 'mean'; readonly sums: Float64Array }
  | { readonly kind: 'jackknife'; readonly estimate: number; readonly without: () => Float64Array };

export type Measures = ReadonlyMap<string, Measured>;

/** Of a statistic whose values without each block are there at once. */
export function jackknifed({ estimate, without }: LeftOut): Measured {
  return { kind: 'jackknife', estimate, without: () => without };
}

/** A statistic of all rows, and of those without each block. */
export interface LeftOut {
  readonly estimate: number;
  /** [blocks] */
  readonly without: Float64Array;
}

/** The mean of those that are defined, on all rows and on those without each block. */
export function meanOfDefined(each: Iterable<LeftOut>, blocks: number): LeftOut {
  const sum = { estimate: 0, without: new Float64Array(blocks) };
  const count = { estimate: 0, without: new Float64Array(blocks) };
  for (const { estimate, without } of each) {
    if (!Number.isFinite(estimate)) continue;
    sum.estimate += estimate;
    count.estimate += 1;
    without.forEach((value, block) => {
      if (!Number.isFinite(value)) return;
      sum.without[block]! += value;
      count.without[block]! += 1;
    });
  }
  return {
    estimate: sum.estimate / count.estimate,
    without: sum.without.map((value, block) => value / count.without[block]!),
  };
}

/** Without those that are undefined on these rows: AUC of one class, precision without a positive decision. */
export function defined(measures: Measures, blocks: Blocks): Measures {
  return new Map([...measures].filter(([, measured]) => Number.isFinite(estimateOf(measured, blocks))));
}

export function estimateOf(measured: Measured, blocks: Blocks): number {
  return measured.kind === 'mean' ? total(measured.sums) / blocks.index.length : measured.estimate;
}

export function intervalOf(measured: Measured, blocks: Blocks, confidence: number): Interval {
  return measured.kind === 'mean'
    ? meanInterval(measured.sums, blockCounts(blocks), confidence, blocks.of)
    : jackknifeInterval(measured.estimate, measured.without(), confidence, blocks.of);
}

/** a − b, paired: both on the same rows in the same blocks. */
export function differenceOf(a: Measured, b: Measured): Measured | undefined {
  if (a.kind === 'mean' && b.kind === 'mean') return { kind: 'mean', sums: minus(a.sums, b.sums) };
  if (a.kind === 'jackknife' && b.kind === 'jackknife') {
    return { kind: 'jackknife', estimate: a.estimate - b.estimate, without: () => minus(a.without(), b.without()) };
  }
  return undefined;
}

const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]!);

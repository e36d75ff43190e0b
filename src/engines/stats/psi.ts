/**
 * Population stability index of a window against a reference, Σ (q − p) ln(q/p), with its law under no change:
 * PSI ≈ (1/n + 1/m) · χ² with bins − 1 degrees of freedom, for n and m independent rows. Hence fixed limits misfire on
 * small windows: with ten bins and 100 rows on both sides, 85 % of windows without any drift exceed 0.1.
 */
import type { Bins } from './bins';
import { chiSquaredQuantile, chiSquaredTail } from './chi-squared';

export interface Psi {
  readonly value: number;
  /** max(0, value − its mean under no change). */
  readonly effect: number;
  /** P(as large or larger) under no change. */
  readonly pValue: number;
  /** Effect that is exceeded with probability `alpha` under no change. */
  nullLimit(alpha: number): number;
}

/** Rows that a category must lead to expect in the window, to be a bin of its own. */
const EXPECTED = 10;
/** Added to each bin of both sides, so that an empty one has a logarithm. */
const SMOOTHING = 0.5;

/** @param counts of the window, in the bins' order; at least one row */
export function psiOf(bins: Bins, counts: Float64Array): Psi {
  const all = bins.counts.map((count, i): Cell => [count, counts[i]!]);
  const cells = bins.kind === 'category' ? pooled(all) : withinRange(all);
  const n = sum(cells.map(([, window]) => window));
  const m = sum(cells.map(([reference]) => reference));
  let value = 0;
  for (const [reference, window] of cells) {
    const p = (reference + SMOOTHING) / (m + SMOOTHING * cells.length);
    const q = (window + SMOOTHING) / (n + SMOOTHING * cells.length);
    value += (q - p) * Math.log(q / p);
  }
  // A bin that the reference never filled has no part in the law.
  const degrees = cells.filter(([reference]) => reference > 0).length - 1;
  const scale = 1 / n + 1 / m;
  return {
    value,
    effect: Math.max(0, value - degrees * scale),
    pValue: degrees < 1 ? Number(value === 0) : chiSquaredTail(value / scale, degrees),
    nullLimit: (alpha) => (degrees < 1 ? 0 : scale * (chiSquaredQuantile(alpha, degrees) - degrees)),
  };
}

type Cell = readonly [reference: number, window: number];

/**
 * What is under or over the reference's range belongs to its outermost bins: a bin that the reference can't have filled
 * has no law. Missing values are a bin of their own where there are any.
 */
function withinRange(cells: readonly Cell[]): readonly Cell[] {
  const [under, ...rest] = cells.slice(0, -2);
  const [over, missing] = cells.slice(-2);
  const inner = [plus(rest[0]!, under!), ...rest.slice(1)];
  inner.push(plus(inner.pop()!, over!));
  return [...inner, missing!].filter(([reference, window]) => reference > 0 || window > 0);
}

/**
 * Categories, from the most frequent on, as long as each leads to expect enough rows in the window; the others, with
 * unseen and missing ones, are one bin, or a part of the last one where even together they are too few. (229 airports
 * unpooled have a PSI of 0.67 at 200 rows with no drift at all.)
 */
function pooled(cells: readonly Cell[]): readonly Cell[] {
  const share = sum(cells.map(([, window]) => window)) / sum(cells.map(([reference]) => reference));
  const ordered = [...cells].sort(([a], [b]) => b - a);
  const alone = ordered.filter(([count]) => count * share >= EXPECTED);
  const others = ordered.slice(alone.length).reduce(plus, [0, 0]);
  if (others[0] * share >= EXPECTED || alone.length === 0) return [...alone, others];
  return [...alone.slice(0, -1), plus(alone.at(-1)!, others)];
}

function plus(a: Cell, b: Cell): Cell {
  return [a[0] + b[0], a[1] + b[1]];
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/**
 * How a window's values differ from those of the reference: how large the difference is (a population stability index,
 * PSI = Σ (q − p) ln(q/p)), and whether chance alone explains it. Fixed limits misfire on small windows: with ten bins
 * and 100 rows on both sides, 85 % of windows without any change have a PSI over 0.1.
 */
import type { BinCounts, Bins } from './bins';
import { chiSquaredTail } from './chi-squared';
import { splitPValue } from './hypergeometric';
import { NONE_UNSEEN, outsideRange, type Unseen, unseenCategories } from './unseen';

export interface Change {
  /** The larger PSI: of the bins, or of unseen rows against all others. */
  readonly value: number;
  /** The larger PSI after what chance leads to expect of each was taken off; at least 0. */
  readonly effect: number;
  /** P(a difference as clear or clearer) under no change, for independent rows. */
  readonly pValue: number;
  /** Shares of the window's rows: with a value that the reference lacks, and without a value. */
  readonly unseen: number;
  readonly missing: number;
}

/** Rows that a cell must lead to expect on either side, for the χ² law to hold. */
const EXPECTED = 10;
/** Added to each cell of both sides, so that an empty one has a logarithm. */
const SMOOTHING = 0.5;

type Cell = readonly [reference: number, window: number];

/**
 * Three tests, since none sees everything: the bins by Pearson's χ²; those that are too small for its law, together, by
 * Fisher's exact test; unseen values by their own law. Which bins are small is decided by the rows of both sides: if the
 * reference alone decided, what it has few of by chance would seem to have become more.
 * @param counts of the window; at least one row
 */
export function changeOf(bins: Bins, { bins: window, unseen }: BinCounts): Change {
  const cells = bins.counts.map((count, i): Cell => [count, window[i]!]);
  const missing = cells.pop()!;
  if (bins.kind === 'category') cells.push(...unseen.map((rows): Cell => [0, rows]));
  const present = cells.reduce(plus, [0, 0]);
  const all = plus(present, missing);
  const { common, rare } = pool(cells, missing, all, bins.kind === 'number');
  const news = unseenIn(bins, cells, sum(unseen), present);

  const shift = homogeneity(common);
  const tests = [
    ...(shift === undefined ? [] : [shift.pValue]),
    ...(rare[0] + rare[1] === 0
      ? []
      : [splitPValue(rare[1], { of: rare[0] + rare[1], window: all[1], reference: all[0] })]),
    news.pValue,
  ];
  const sizes = [psiOf(rare[0] + rare[1] === 0 ? common : [...common, rare]), unseenPsi(news, present)];
  return {
    value: Math.max(...sizes.map(({ value }) => value)),
    effect: Math.max(0, ...sizes.map(({ value, expected }) => value - expected)),
    pValue: Math.min(1, tests.length * Math.min(...tests)),
    unseen: sum(unseen) / all[1],
    missing: missing[1] / all[1],
  };
}

function unseenIn(bins: Bins, cells: readonly Cell[], rows: number, [reference, window]: Cell): Unseen {
  if (bins.kind === 'presence' || reference === 0 || window === 0) return NONE_UNSEEN;
  if (bins.kind === 'number') return outsideRange(rows, { reference, window });
  const totals = cells.map(([before, now]) => before + now);
  return unseenCategories(rows, totals, { reference, window });
}

/**
 * Cells that are large enough by themselves. Small neighbours among numbers are put together until they are; what is
 * left, and all small categories, are one cell: with the common ones where it's large enough, else by itself.
 */
function pool(
  cells: readonly Cell[],
  missing: Cell,
  [reference, window]: Cell,
  neighbours: boolean
): { readonly common: readonly Cell[]; readonly rare: Cell } {
  const share = Math.min(reference, window) / (reference + window);
  const large = (cell: Cell) => (cell[0] + cell[1]) * share >= EXPECTED;
  const common: Cell[] = [];
  let rare: Cell = [0, 0];
  let run: Cell = [0, 0];
  const endRun = () => {
    rare = plus(rare, run);
    run = [0, 0];
  };
  for (const cell of cells) {
    if (large(cell)) {
      endRun();
      common.push(cell);
      continue;
    }
    run = plus(run, cell);
    if (neighbours && large(run)) {
      common.push(run);
      run = [0, 0];
    }
  }
  endRun();
  if (large(missing)) common.push(missing);
  else rare = plus(rare, missing);
  return large(rare) ? { common: [...common, rare], rare: [0, 0] } : { common, rare };
}

/** Pearson's χ² of a table of two columns; undefined where there is one cell: nothing could be distributed otherwise. */
export function homogeneity(
  cells: readonly Cell[]
): { readonly statistic: number; readonly pValue: number } | undefined {
  if (cells.length < 2) return undefined;
  const [reference, window] = cells.reduce(plus, [0, 0]);
  let statistic = 0;
  for (const [before, now] of cells) {
    const expected = ((before + now) * window) / (reference + window);
    const gap = (now - expected) ** 2;
    statistic += gap / expected + gap / (before + now - expected);
  }
  return { statistic, pValue: chiSquaredTail(statistic, cells.length - 1) };
}

interface Size {
  readonly value: number;
  /** Its mean under no change: (1/n + 1/m) · (cells − 1). */
  readonly expected: number;
}

function psiOf(cells: readonly Cell[]): Size {
  const [m, n] = cells.reduce(plus, [0, 0]);
  let value = 0;
  for (const [reference, window] of cells) {
    const p = (reference + SMOOTHING) / (m + SMOOTHING * cells.length);
    const q = (window + SMOOTHING) / (n + SMOOTHING * cells.length);
    value += (q - p) * Math.log(q / p);
  }
  return { value, expected: (cells.length - 1) * (1 / n + 1 / m) };
}

/** Unseen rows against all others, beside what there would be of them in the reference's place by chance. */
function unseenPsi({ rows, expected }: Unseen, [reference, window]: Cell): Size {
  if (rows <= expected) return { value: 0, expected: 0 };
  const byChance = (expected / window) * reference;
  return psiOf([
    [byChance, rows],
    [reference - byChance, window - rows],
  ]);
}

function plus(a: Cell, b: Cell): Cell {
  return [a[0] + b[0], a[1] + b[1]];
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

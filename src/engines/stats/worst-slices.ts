/**
 * Values and ranges of columns on whose rows the loss is surely higher than on all others. Whoever looks at hundreds of slices finds some that
 * are worse by chance: p-values are corrected for all that were looked at (Holm), and the error knows of the blocks.
 */
import { holmAdjusted } from '../../domain/holm';
import type { WorstSlice } from '../../domain/evaluation';
import { tWithin } from '../../domain/student-t';
import { binsOf, type BinnedValues } from './bins';
import { type Blocks, blockCounts, blockSums } from './blocks';
import type { WatchedColumn } from './watched-columns';

/** Of a slice, and of the others: fewer say little. */
const LEAST_ROWS = 50;
const LEAST_BLOCKS = 5;
/** Values of a column, those that most rows have. */
const MOST_VALUES = 20;
const MOST_TRIED = 500;
const MOST_FOUND = 10;
const SIGNIFICANT = 0.05;
/** Beyond these t hardly changes; fewer are the safe side. */
const MOST_DEGREES = 1000;

export interface SlicedRows {
  /** [rows] */
  readonly losses: Float64Array;
  readonly blocks: Blocks;
}

interface Candidate {
  readonly column: string;
  readonly value: string;
  readonly rows: Int32Array;
}

/**
 * @param columns the most important first: those beyond the first 500 slices are not looked at
 * @param seen called after each column
 * @returns the surest first, at most 10
 */
export function worstSlices(
  columns: readonly WatchedColumn[],
  { losses, blocks }: SlicedRows,
  seen: () => void
): readonly WorstSlice[] {
  const compare = comparison(losses, blocks);
  const tried: WorstSlice[] = [];
  for (const { name, values } of columns) {
    for (const { rows, ...slice } of candidatesOf(name, values)) {
      const compared = tried.length < MOST_TRIED ? compare(rows) : undefined;
      if (compared !== undefined) tried.push({ ...slice, rows: rows.length, ...compared });
    }
    seen();
    if (tried.length >= MOST_TRIED) break;
  }
  const corrected = holmAdjusted(tried.map(({ pValue }) => pValue));
  return tried
    .map((slice, at) => ({ ...slice, pValue: corrected[at]! }))
    .filter(({ pValue }) => pValue <= SIGNIFICANT)
    .sort((a, b) => a.pValue - b.pValue || b.loss - b.others - (a.loss - a.others))
    .slice(0, MOST_FOUND);
}

type Compared = Pick<WorstSlice, 'loss' | 'others' | 'pValue'>;

/**
 * The difference of two ratio estimators, its error from each block's residuals (cluster-robust, as `meanInterval`'s), and t with the
 * degrees of freedom of the side that has fewer blocks, in effect (Carter, Schnepel & Steigerwald 2017).
 */
function comparison(losses: Float64Array, blocks: Blocks): (rows: Int32Array) => Compared | undefined {
  const allSums = blockSums(blocks, (row) => losses[row]!);
  const allCounts = blockCounts(blocks);
  const total = allSums.reduce((sum, one) => sum + one, 0);
  const sums = new Float64Array(allSums.length);
  const counts = new Float64Array(allSums.length);
  return (rows) => {
    const [own, other] = [rows.length, losses.length - rows.length];
    if (own < LEAST_ROWS || other < LEAST_ROWS) return undefined;
    sums.fill(0);
    counts.fill(0);
    let sum = 0;
    for (const row of rows) {
      sums[blocks.index[row]!]! += losses[row]!;
      counts[blocks.index[row]!]! += 1;
      sum += losses[row]!;
    }
    const [loss, others] = [sum / own, (total - sum) / other];
    let [squares, ownSquares, otherSquares] = [0, 0, 0];
    for (let block = 0; block < sums.length; block += 1) {
      const left = allCounts[block]! - counts[block]!;
      ownSquares += counts[block]! ** 2;
      otherSquares += left ** 2;
      const here = (sums[block]! - loss * counts[block]!) / own;
      const there = (allSums[block]! - sums[block]! - others * left) / other;
      squares += (here - there) ** 2;
    }
    // Blocks of one size that say as much: of rows that are nearly all of one block, hardly more than one.
    const fewer = Math.min(own ** 2 / ownSquares, other ** 2 / otherSquares);
    if (fewer < LEAST_BLOCKS || squares === 0) return undefined;
    const t = (loss - others) / Math.sqrt((squares * sums.length) / (sums.length - 1));
    return { loss, others, pValue: (1 - tWithin(t, Math.min(Math.floor(fewer) - 1, MOST_DEGREES))) / 2 };
  };
}

function candidatesOf(column: string, values: BinnedValues): readonly Candidate[] {
  const groups = values.kind === 'number' ? ranges(values.values) : categories(values);
  return groups.map(({ value, rows }) => ({ column, value, rows: Int32Array.from(rows) }));
}

interface Group {
  readonly value: string;
  readonly rows: number[];
}

/** About tenths of the rows, each named by its least and its greatest number; what is missing is a group of its own. */
function ranges(values: Float64Array | Float32Array): readonly Group[] {
  const bins = binsOf({ kind: 'number', values });
  const edges = bins.kind === 'number' ? bins.edges : [];
  const groups = Array.from({ length: edges.length + 2 }, () => ({
    least: Infinity,
    most: -Infinity,
    rows: [] as number[],
  }));
  values.forEach((value, row) => {
    const group = groups[Number.isNaN(value) ? edges.length + 1 : binOf(edges, value)]!;
    group.rows.push(row);
    group.least = Math.min(group.least, value);
    group.most = Math.max(group.most, value);
  });
  return groups.map(({ least, most, rows }, at) => ({
    value: at > edges.length ? MISSING : least === most ? words(least) : `${words(least)} to ${words(most)}`,
    rows,
  }));
}

function categories({ dictionary, codes }: Extract<BinnedValues, { readonly kind: 'category' }>): readonly Group[] {
  const groups = new Map<number, Group>();
  codes.forEach((code, row) => {
    const group = groups.get(code) ?? { value: dictionary[code] ?? MISSING, rows: [] };
    group.rows.push(row);
    groups.set(code, group);
  });
  return [...groups.values()]
    .sort((a, b) => b.rows.length - a.rows.length || (a.value < b.value ? -1 : 1))
    .slice(0, MOST_VALUES);
}

const MISSING = 'missing';

/** Of rising edges the first that is not below the value. */
function binOf(edges: readonly number[], value: number): number {
  const found = edges.findIndex((edge) => value <= edge);
  return found < 0 ? edges.length : found;
}

function words(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Frozen bins: made once from reference rows, so that every later window is counted alike. Plain JSON. */

/** Inner bins (each up to and with its edge, the last one without an edge), then missing. */
export interface NumberBins {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  /** Upper ends of all inner bins but the last. */
  readonly edges: readonly number[];
  /** [edges + 2] reference rows. */
  readonly counts: readonly number[];
}

/** Each value, then missing. */
export interface CategoryBins {
  readonly kind: 'category';
  /** Every value of the reference, the most frequent first. */
  readonly values: readonly string[];
  /** [values + 1] */
  readonly counts: readonly number[];
}

/**
 * Present and missing. For a column without a value in the reference, and for one with too many distinct values to list
 * (an id): a list cut by frequency would make rows of the values that were cut look like a change.
 */
export interface PresenceBins {
  readonly kind: 'presence';
  /** [2] */
  readonly counts: readonly number[];
}

export type Bins = NumberBins | CategoryBins | PresenceBins;

/** Values of a column as the bins read them: numbers (NaN is missing), or texts (undefined is missing). */
export type BinnedValues =
  | { readonly kind: 'number'; readonly values: Float64Array | Float32Array }
  | { readonly kind: 'category'; readonly dictionary: readonly string[]; readonly codes: Int32Array };

/** A window's rows, counted in the bins of its reference. */
export interface BinCounts {
  /** In the order of the bins' counts. A number outside the reference's range is in the nearest inner bin. */
  readonly bins: Float64Array;
  /** Rows of each value that the reference lacks: of a number, of all that are outside its range. Each is over 0. */
  readonly unseen: readonly number[];
}

const INNER_BINS = 10;
const MAX_VALUES = 10_000;

export function binsOf(values: BinnedValues): Bins {
  const bins = values.kind === 'number' ? numberBins(values.values) : categoryBins(values);
  if (bins !== undefined) return bins;
  const presence = { kind: 'presence', counts: [] } as const;
  return { ...presence, counts: [...countsIn(presence, values).bins] };
}

/** Rows in each bin; a column of another kind than the bins' is a mistake of the caller. */
export function countsIn(bins: Bins, values: BinnedValues, from = 0, to = lengthOf(values)): BinCounts {
  const counter = counterOf(bins);
  counter.add(values, from, to);
  return counter.counts();
}

/** Counts rows stretch after stretch; those of a category have one dictionary. */
export interface BinCounter {
  add(values: BinnedValues, from: number, to: number): void;
  counts(): BinCounts;
}

export function counterOf(bins: Bins): BinCounter {
  if (bins.kind === 'presence') return presenceCounter();
  return bins.kind === 'number' ? numberCounter(bins) : categoryCounter(bins);
}

function otherKind(bins: Bins, values: BinnedValues): TypeError {
  return new TypeError(`bins of a ${bins.kind} can't count a ${values.kind}`);
}

export function lengthOf(values: BinnedValues): number {
  return values.kind === 'number' ? values.values.length : values.codes.length;
}

function presenceCounter(): BinCounter {
  let rows = 0;
  let missing = 0;
  return {
    add(values, from, to) {
      rows += to - from;
      for (let row = from; row < to; row += 1) {
        if (values.kind === 'number' ? Number.isNaN(values.values[row]) : values.codes[row]! < 0) missing += 1;
      }
    },
    counts: () => ({ bins: Float64Array.of(rows - missing, missing), unseen: [] }),
  };
}

function numberBins(values: Float64Array | Float32Array): NumberBins | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return undefined;
  const empty = { kind: 'number', min: sorted[0]!, max: sorted.at(-1)!, edges: edgesOf(sorted), counts: [] } as const;
  return { ...empty, counts: [...countsIn(empty, { kind: 'number', values }).bins] };
}

/**
 * Ends of tenths of the rows; of few distinct values, each value. A value that fills a tenth or more has a bin of its
 * own: of a number that is 1 in 95 % of the rows, the other 5 % are not part of the bin of 1.
 */
function edgesOf(sorted: Float64Array | Float32Array): readonly number[] {
  const distinct = firstDistinct(sorted, INNER_BINS + 1);
  if (distinct.length <= INNER_BINS) return distinct.slice(0, -1);
  const ends = Array.from({ length: INNER_BINS }, (_, i) => {
    return sorted[Math.ceil(((i + 1) * sorted.length) / INNER_BINS) - 1]!;
  });
  const heavy = ends.filter((end, i) => end === ends[i - 1]);
  const edges = new Set([...ends, ...heavy.map((value) => greatestBelow(sorted, value))]);
  return [...edges].filter((edge) => edge !== undefined && edge < sorted.at(-1)!).sort((a, b) => a! - b!) as number[];
}

function firstDistinct(sorted: Float64Array | Float32Array, most: number): readonly number[] {
  const values: number[] = [];
  for (const value of sorted) {
    if (value !== values.at(-1)) values.push(value);
    if (values.length === most) break;
  }
  return values;
}

function greatestBelow(sorted: Float64Array | Float32Array, value: number): number | undefined {
  return sorted[sorted.indexOf(value) - 1];
}

function numberCounter(bins: NumberBins): BinCounter {
  const { min, edges, max } = bins;
  const counts = new Float64Array(edges.length + 2);
  let outside = 0;
  return {
    add(column, from, to) {
      if (column.kind !== 'number') throw otherKind(bins, column);
      const { values } = column;
      for (let row = from; row < to; row += 1) {
        const value = values[row]!;
        if (Number.isNaN(value)) {
          counts[edges.length + 1]! += 1;
          continue;
        }
        if (value < min || value > max) outside += 1;
        let bin = 0;
        while (bin < edges.length && value > edges[bin]!) bin += 1;
        counts[bin]! += 1;
      }
    },
    counts: () => ({ bins: counts, unseen: outside === 0 ? [] : [outside] }),
  };
}

function categoryBins(column: CategoryValues): CategoryBins | undefined {
  const { dictionary, codes } = column;
  const rows = new Map<string, number>();
  for (const code of codes) if (code >= 0) rows.set(dictionary[code]!, (rows.get(dictionary[code]!) ?? 0) + 1);
  if (rows.size === 0 || rows.size > MAX_VALUES) return undefined;
  const values = [...rows].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([value]) => value);
  const empty = { kind: 'category', values, counts: [] } as const;
  return { ...empty, counts: [...countsIn(empty, column).bins] };
}

type CategoryValues = Extract<BinnedValues, { kind: 'category' }>;

function categoryCounter(bins: CategoryBins): BinCounter {
  let dictionary: readonly string[] = [];
  let rows = new Float64Array();
  let missing = 0;
  return {
    add(values, from, to) {
      if (values.kind !== 'category') throw otherKind(bins, values);
      if (rows.length === 0) {
        ({ dictionary } = values);
        rows = new Float64Array(dictionary.length);
      }
      const { codes } = values;
      for (let row = from; row < to; row += 1) {
        if (codes[row]! < 0) missing += 1;
        else rows[codes[row]!]! += 1;
      }
    },
    counts() {
      const position = new Map(bins.values.map((value, i) => [value, i]));
      const counts = new Float64Array(bins.values.length + 1);
      counts[bins.values.length] = missing;
      const unseen: number[] = [];
      for (const [code, count] of rows.entries()) {
        const bin = position.get(dictionary[code]!);
        if (bin !== undefined) counts[bin]! += count;
        else if (count > 0) unseen.push(count);
      }
      return { bins: counts, unseen };
    },
  };
}

/** Frozen bins: made once from reference rows, so that every later window is counted alike. Plain JSON. */

/** (−∞, min), tenths of the reference's rows up to and with each edge, up to and with max, (max, ∞), missing. */
export interface NumberBins {
  readonly kind: 'number';
  readonly min: number;
  /** Upper ends of all inner bins but the last. */
  readonly edges: readonly number[];
  readonly max: number;
  /** [edges + 4] reference rows: under, inner bins, over, missing. */
  readonly counts: readonly number[];
}

/** Each listed value, then every other one, then missing. */
export interface CategoryBins {
  readonly kind: 'category';
  readonly values: readonly string[];
  /** [values + 2] */
  readonly counts: readonly number[];
}

export type Bins = NumberBins | CategoryBins;

/** Values of a column as the bins read them: numbers (NaN is missing), or texts (undefined is missing). */
export type BinnedValues =
  | { readonly kind: 'number'; readonly values: Float64Array | Float32Array }
  | { readonly kind: 'category'; readonly dictionary: readonly string[]; readonly codes: Int32Array };

const INNER_BINS = 10;
const MAX_VALUES = 1_000;

/** Undefined where no value is there: nothing could be compared. */
export function binsOf(values: BinnedValues): Bins | undefined {
  return values.kind === 'number' ? numberBins(values.values) : categoryBins(values.dictionary, values.codes);
}

/** Rows in each bin; a column of another kind than the bins' is a mistake of the caller. */
export function countsIn(bins: Bins, values: BinnedValues, from = 0, to = lengthOf(values)): Float64Array {
  if (bins.kind === 'number' && values.kind === 'number') return countNumbers(bins, values.values, from, to);
  if (bins.kind === 'category' && values.kind === 'category') {
    return countCategories(bins, values.dictionary, values.codes, from, to);
  }
  throw new TypeError(`bins of a ${bins.kind} can't count a ${values.kind}`);
}

export function lengthOf(values: BinnedValues): number {
  return values.kind === 'number' ? values.values.length : values.codes.length;
}

function numberBins(values: Float64Array | Float32Array): NumberBins | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return undefined;
  const [min, max] = [sorted[0]!, sorted.at(-1)!];
  const ends = Array.from({ length: INNER_BINS - 1 }, (_, i) => {
    return sorted[Math.ceil(((i + 1) * sorted.length) / INNER_BINS) - 1]!;
  });
  const edges = [...new Set(ends)].filter((edge) => edge < max);
  const empty = { kind: 'number', min, edges, max, counts: [] } as const;
  return { ...empty, counts: [...countNumbers(empty, values, 0, values.length)] };
}

function countNumbers(
  { min, edges, max }: NumberBins,
  values: Float64Array | Float32Array,
  from: number,
  to: number
): Float64Array {
  const counts = new Float64Array(edges.length + 4);
  for (let row = from; row < to; row += 1) {
    const value = values[row]!;
    if (Number.isNaN(value)) counts[edges.length + 3]! += 1;
    else if (value > max) counts[edges.length + 2]! += 1;
    else if (value < min) counts[0]! += 1;
    else {
      let bin = 0;
      while (bin < edges.length && value > edges[bin]!) bin += 1;
      counts[bin + 1]! += 1;
    }
  }
  return counts;
}

function categoryBins(dictionary: readonly string[], codes: Int32Array): CategoryBins | undefined {
  const rows = new Map<string, number>();
  for (const code of codes) if (code >= 0) rows.set(dictionary[code]!, (rows.get(dictionary[code]!) ?? 0) + 1);
  if (rows.size === 0) return undefined;
  const values = [...rows]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MAX_VALUES)
    .map(([value]) => value);
  const empty = { kind: 'category', values, counts: [] } as const;
  return { ...empty, counts: [...countCategories(empty, dictionary, codes, 0, codes.length)] };
}

function countCategories(
  { values }: CategoryBins,
  dictionary: readonly string[],
  codes: Int32Array,
  from: number,
  to: number
): Float64Array {
  const position = new Map(values.map((value, i) => [value, i]));
  const bins = dictionary.map((value) => position.get(value) ?? values.length);
  const counts = new Float64Array(values.length + 2);
  for (let row = from; row < to; row += 1) counts[codes[row]! < 0 ? values.length + 1 : bins[codes[row]!]!]! += 1;
  return counts;
}

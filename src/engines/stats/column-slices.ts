/** Metrics of the rows with one value of a column. */
import type { ColumnSlice, Metrics } from '../../domain/evaluation';

/** A column's values at the test rows, as codes. */
export interface SliceColumn {
  readonly name: string;
  /** [rows]; −1 is missing */
  readonly codes: ArrayLike<number>;
  readonly nameOf: (code: number) => string;
}

/** Values of a column, those that most rows have: a record has a bounded size. */
const MOST_VALUES = 20;

export type SliceMetrics = Pick<ColumnSlice, 'candidate' | 'champion' | 'againstBaseline' | 'againstChampion'>;

/**
 * @param named values that a gate names: they are there however few rows have them
 * @param measure of some rows, in order; called only for slices of at least `minRows`
 */
export function columnSlices(
  columns: readonly SliceColumn[],
  { minRows, named }: { readonly minRows: number; readonly named: (column: string, value: string) => boolean },
  measure: (rows: Int32Array) => SliceMetrics
): readonly ColumnSlice[] {
  return columns.flatMap(({ name, codes, nameOf }) => {
    const slices = [...rowsOf(codes)].map(([code, rows]) => ({ value: nameOf(code), rows }));
    const ordered = slices.sort((a, b) => b.rows.length - a.rows.length || (a.value < b.value ? -1 : 1));
    return ordered
      .filter(({ value }, at) => at < MOST_VALUES || named(name, value))
      .map(
        ({ value, rows }): ColumnSlice => ({
          column: name,
          value,
          rows: rows.length,
          ...(rows.length < minRows ? {} : measure(rows)),
        })
      );
  });
}

/** The rows of each code, in order. */
function rowsOf(codes: ArrayLike<number>): ReadonlyMap<number, Int32Array> {
  const counts = new Map<number, number>();
  for (let row = 0; row < codes.length; row += 1) counts.set(codes[row]!, (counts.get(codes[row]!) ?? 0) + 1);
  const rows = new Map([...counts].map(([code, count]) => [code, new Int32Array(count)]));
  const next = new Map<number, number>();
  for (let row = 0; row < codes.length; row += 1) {
    const at = next.get(codes[row]!) ?? 0;
    rows.get(codes[row]!)![at] = row;
    next.set(codes[row]!, at + 1);
  }
  return rows;
}

/** Those of the metrics that are named. */
export function onlyNamed(metrics: Metrics, names: ReadonlySet<string>): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => names.has(name)));
}

/** What windows are compared with, frozen with the model: an artifact of its evaluation, plain JSON. */
import type { TableColumns } from '../tables/columns';
import { type BinnedValues, type Bins, binsOf } from './bins';
import { type WatchedColumn, watchedColumns } from './watched-columns';

export interface ColumnReference {
  readonly column: string;
  readonly bins: Bins;
  /** The largest effect of a whole period of the training rows: what a good model's data do by themselves. */
  readonly variation: number;
}

export interface Reference {
  readonly v: 1;
  readonly rows: number;
  /** Source columns that are watched. */
  readonly watched: readonly string[];
  readonly columns: readonly ColumnReference[];
  readonly scores?: ColumnReference;
}

export interface ReferenceInput {
  /** Source columns that the model reads. */
  readonly watched: readonly string[];
  /** The reference: test rows, never training rows. */
  readonly table: TableColumns;
  /** The reference's scores, as drift compares them. */
  readonly scores?: BinnedValues;
}

export const SCORES = 'score';

/** Without what training rows show of variation: `withVariation` adds it. */
export function referenceOf({ watched, table, scores }: ReferenceInput): Reference {
  const columns = watchedColumns(table, watched).map(columnReference);
  const scored = scores === undefined ? undefined : columnReference({ name: SCORES, values: scores });
  return { v: 1, rows: table.rows, watched, columns, ...(scored === undefined ? {} : { scores: scored }) };
}

function columnReference({ name, values }: WatchedColumn): ColumnReference {
  return { column: name, bins: binsOf(values), variation: 0 };
}

/** @param variation by the columns' names */
export function withVariation(reference: Reference, variation: ReadonlyMap<string, number>): Reference {
  const columns = reference.columns.map((each) => ({ ...each, variation: variation.get(each.column) ?? 0 }));
  return { ...reference, columns };
}

/** Blocks of loaded rows by the definition's cluster. */
import type { Cluster } from '../../domain/definition';
import { type Column, MISSING_TIMESTAMP } from '../tables/columns';
import type { LoadedRows } from '../tables/load';
import { isoOf } from '../tables/moments';
import { type Blocks, blocksOf, dayBlocks, rowBlocks } from './blocks';

/** @param privacy columns whose values nothing shows: their clusters are numbered */
export function clustersOf(
  { table, eventTime }: Pick<LoadedRows, 'table' | 'eventTime'>,
  cluster: Cluster,
  privacy: readonly string[]
): Blocks {
  if (cluster === 'row') return rowBlocks(table.rows);
  if (cluster === 'day') {
    if (eventTime === undefined) throw new TypeError('a source without an event time has no days');
    return dayBlocks(eventTime);
  }
  const { codes, nameOf } = codesOf(table.columns[cluster.column]!);
  const numbered = (code: number) => (code === MISSING ? nameOf(code) : `no. ${code + 1}`);
  return blocksOf(cluster.column, codes, privacy.includes(cluster.column) ? numbered : nameOf);
}

const MISSING = -1;

/** Rows without a value are one cluster. */
export function codesOf(column: Column): { codes: ArrayLike<number>; nameOf: (code: number) => string } {
  const named = (names: readonly string[]) => (code: number) => names[code] ?? 'missing';
  if (column.type === 'string') return { codes: column.codes, nameOf: named(column.dictionary) };
  if (column.type === 'text' || column.type === 'vector') throw new TypeError(`a ${column.type} is not a cluster`);
  const missing = (value: number | bigint) => value === MISSING_TIMESTAMP || Number.isNaN(value);
  const values = Array.from<number | bigint>(column.values);
  const distinct = [...new Set(values)].filter((value) => !missing(value)).sort((a, b) => (a < b ? -1 : 1));
  const codes = new Map(distinct.map((value, code) => [value, code]));
  return {
    codes: Int32Array.from(values, (value) => codes.get(value) ?? MISSING),
    nameOf: named(distinct.map((value) => (typeof value === 'bigint' ? isoOf(value) : String(value)))),
  };
}

/**
 * Columns as drift looks at them. A moment as such always moves on: its time of day and its weekday are looked at. A text is
 * looked at by its length alone, and so is a vector.
 */
import { DAY_US, HOUR_US } from '../../domain/durations';
import { type Column, MISSING_TIMESTAMP, type TableColumns, type VectorColumn } from '../tables/columns';
import type { BinnedValues } from './bins';

const HOURS = 24;
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

export interface WatchedColumn {
  /** The column's name, or `<column>:timeOfDay` (hours) and `<column>:weekday` of a timestamp, or `<column>:length` of a text or a vector. */
  readonly name: string;
  readonly values: BinnedValues;
}

/** @param names columns that a model reads */
export function watchedColumns(table: TableColumns, names: readonly string[]): readonly WatchedColumn[] {
  return names.flatMap((name) => watch(name, table.columns[name]));
}

function watch(name: string, column: Column | undefined): readonly WatchedColumn[] {
  switch (column?.type) {
    case undefined:
      return [];
    case 'number':
      return [{ name, values: { kind: 'number', values: column.values } }];
    case 'string':
      return [{ name, values: { kind: 'category', dictionary: column.dictionary, codes: column.codes } }];
    case 'text':
      return [
        { name: `${name}:length`, values: { kind: 'number', values: Float64Array.from(column.values, lengthOf) } },
      ];
    case 'vector':
      return [{ name: `${name}:length`, values: { kind: 'number', values: lengthsOf(column) } }];
    case 'timestamp':
      return [
        { name: `${name}:timeOfDay`, values: { kind: 'number', values: Float64Array.from(column.values, timeOfDay) } },
        {
          name: `${name}:weekday`,
          values: { kind: 'category', dictionary: WEEKDAYS, codes: Int32Array.from(column.values, weekday) },
        },
      ];
  }
}

/** In UTF-16 units, as JavaScript counts. */
function lengthOf(text: string | null): number {
  return text?.length ?? Number.NaN;
}

/** Euclidean, one number after the other. */
function lengthsOf({ width, values }: VectorColumn): Float64Array {
  return Float64Array.from({ length: values.length / width }, (_, row) => {
    let squares = 0;
    for (let at = row * width; at < (row + 1) * width; at += 1) squares += values[at]! * values[at]!;
    return Math.sqrt(squares);
  });
}

function timeOfDay(time: bigint): number {
  if (time === MISSING_TIMESTAMP) return Number.NaN;
  const hours = Number(time) / HOUR_US;
  return hours - Math.floor(hours / HOURS) * HOURS;
}

function weekday(time: bigint): number {
  if (time === MISSING_TIMESTAMP) return -1;
  const days = Math.floor(Number(time) / DAY_US) + EPOCH_WEEKDAY;
  return days - Math.floor(days / WEEKDAYS.length) * WEEKDAYS.length;
}

/** Columns as drift looks at them. A moment as such always moves on: its time of day and its weekday are looked at. */
import { DAY_US, HOUR_US } from '../../domain/durations';
import { type Column, MISSING_TIMESTAMP, type TableColumns } from '../tables/columns';
import type { BinnedValues } from './bins';

const HOURS = 24;
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

export interface WatchedColumn {
  /** The column's name, or `<column>:timeOfDay` (hours) and `<column>:weekday` of a timestamp. */
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

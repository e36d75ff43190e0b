/** Values of rows for people and JSON. */
import type { ColumnType } from '../../domain/definition';
import { quoted } from '../../domain/quote';
import { typeSql } from './column-sql';
import { isoOf } from './moments';
import { column } from './sql';

/** Text is cut to 80 printable characters; moments are ISO-8601; decimals, a whole number that JSON can't hold, and infinity are text. */
export type PlainValue = string | number | boolean | null;

/** SQL whose values `plainValue` takes. */
export function plainColumn(name: string, type: ColumnType, of = ''): string {
  return typeSql(type).plain(`${of}${column(name)}`);
}

/** @param value of `plainColumn`, as the database gives it */
export function plainValue(value: unknown, type: ColumnType): PlainValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    if (type === 'timestamp') return isoOf(value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return quoted(typeof value === 'string' ? value : JSON.stringify(value));
}

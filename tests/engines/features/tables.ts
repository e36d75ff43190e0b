/** Small tables by hand. */
import type { Column, TableColumns } from '../../../src/engines/tables/columns';

export function table(columns: Readonly<Record<string, Column>>): TableColumns {
  const first = Object.values(columns)[0]!;
  const numbers = first.type === 'string' ? first.codes.length : first.values.length;
  return { rows: first.type === 'vector' ? numbers / first.width : numbers, columns };
}

export function vectorColumn(width: number, rows: readonly (readonly number[] | null)[]): Column {
  const none = new Array<number>(width).fill(Number.NaN);
  return { type: 'vector', width, values: Float64Array.from(rows.flatMap((row) => row ?? none)) };
}

export function textColumn(texts: readonly (string | null)[]): Column {
  const dictionary = [...new Set(texts.filter((text) => text !== null))].sort();
  return {
    type: 'string',
    dictionary,
    codes: Int32Array.from(texts, (text) => (text === null ? -1 : dictionary.indexOf(text))),
  };
}

/** What somebody wrote. */
export function wordsColumn(values: readonly (string | null)[]): Column {
  return { type: 'text', values };
}

export function numberColumn(values: readonly number[]): Column {
  return { type: 'number', values: Float64Array.from(values) };
}

/** ISO-8601 times, or microseconds; null is missing. */
export function timeColumn(times: readonly (string | bigint | null)[]): Column {
  const micros = (time: string | bigint | null) =>
    time === null ? -(2n ** 63n) : typeof time === 'bigint' ? time : BigInt(Date.parse(time)) * 1000n;
  return { type: 'timestamp', values: BigInt64Array.from(times, micros) };
}

export const SILENT = { progress: () => undefined };

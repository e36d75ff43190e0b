/** Plain tables: columns padded, numbers to the right, nothing else. */
import { UNBOUNDED } from '../domain/intervals';

export type Cell = string | number | boolean | Date | null | undefined;

/** Lines of a table with its header; a column is to the right where all of its cells are numbers. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => header.map((_, column) => cellText(row[column])));
  const widths = header.map((name, column) => Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const right = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => row[column] == null || typeof row[column] === 'number')
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        right[column] ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)
      )
      .join('  ')
      .trimEnd();
  return [header, ...texts].map(line).join('\n');
}

/** `name  value`, one to a line; what is undefined is left out. */
export function pairs(entries: readonly (readonly [string, Cell])[]): string {
  const shown = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${cellText(value)}`.trimEnd()).join('\n');
}

/** An end of an interval that has none is `unbounded`. */
export function cellText(value: Cell): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return cellText(value.toISOString());
  if (typeof value !== 'number')
    return String(value)
      .replace(/\s*\n\s*/g, ' ')
      .replace(/\.000Z$/, 'Z');
  if (Math.abs(value) >= UNBOUNDED) return 'unbounded';
  return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(6)));
}

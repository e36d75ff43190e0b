/** A record as a page of plain text: names and values, lists as tables, what is nested indented. */
import { type Cell, cellText, pairs, table } from './table';

export interface Section {
  /** None for the head of the page. */
  readonly heading?: string;
  readonly value: unknown;
}

export function page(sections: readonly Section[]): string {
  return sections
    .filter(({ value }) => !isEmpty(value))
    .map(({ heading, value }) => (heading === undefined ? textOf(value) : `${heading}\n${indented(textOf(value))}`))
    .join('\n\n');
}

function textOf(value: unknown): string {
  if (isCell(value)) return cellText(value);
  if (Array.isArray(value)) return list(value);
  return fields(Object.entries(value as object));
}

/** Scalars first and aligned, then what is nested, each below its name. */
function fields(entries: readonly (readonly [string, unknown])[]): string {
  const present = entries.filter(([, value]) => !isEmpty(value));
  const scalars = present.filter((entry): entry is [string, Cell] => isCell(entry[1]));
  const nested = present.filter(([, value]) => !isCell(value));
  return [
    ...(scalars.length === 0 ? [] : [pairs(scalars)]),
    ...nested.map(([name, value]) => `${name}\n${indented(textOf(value))}`),
  ].join('\n');
}

function list(values: readonly unknown[]): string {
  if (values.every(isCell)) return values.map(cellText).join('\n');
  if (!values.every(isFlat)) return values.map((value) => `- ${indented(textOf(value)).trimStart()}`).join('\n');
  const rows = values as readonly Readonly<Record<string, unknown>>[];
  const header = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    header,
    rows.map((row) => header.map((name) => flat(row[name])))
  );
}

function flat(value: unknown): Cell {
  return Array.isArray(value) ? value.map((one) => cellText(one as Cell)).join(', ') : (value as Cell);
}

function isCell(value: unknown): value is Cell {
  return typeof value !== 'object' || value === null || value instanceof Date;
}

/** A row of a table: scalars, and lists of them. */
function isFlat(value: unknown): boolean {
  if (isCell(value) || Array.isArray(value)) return false;
  return Object.values(value as object).every((one) => isCell(one) || (Array.isArray(one) && one.every(isCell)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return !isCell(value) && Object.keys(value as object).length === 0;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

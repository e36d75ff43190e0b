import type { TableCell } from './data-table';
import { foreign } from './words';

/** Names and values of nested parameters, each by its path: `network.hidden` 64, 32. */
export function parameterRows(parameters: Readonly<Record<string, unknown>>): readonly (readonly TableCell[])[] {
  return flat(parameters).map(([name, value]) => [
    { content: foreign(name) },
    { content: foreign(value), kind: 'text' },
  ]);
}

/** Paths with their values as texts; lists of scalars are one value. */
export function flat(value: unknown, path = ''): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [[path, String(value as string | number | boolean | null)]];
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null))
    return [[path, value.join(', ')]];
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, path === '' ? name : `${path}.${name}`));
}

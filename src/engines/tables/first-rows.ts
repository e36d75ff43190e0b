/** Some rows of a table, in the same memory. */
import type { Column, TableColumns } from './columns';

/** At most `most` rows from row `from` on. */
export function firstRows({ rows, columns }: TableColumns, most: number, from = 0): TableColumns {
  const to = Math.min(rows, from + most);
  const part = (column: Column): Column => {
    switch (column.type) {
      case 'string':
        return { ...column, codes: column.codes.subarray(from, to) };
      case 'text':
        return { ...column, values: column.values.slice(from, to) };
      case 'number':
        return { ...column, values: column.values.subarray(from, to) };
      case 'timestamp':
        return { ...column, values: column.values.subarray(from, to) };
      case 'vector':
        return { ...column, values: column.values.subarray(from * column.width, to * column.width) };
    }
  };
  const entries = Object.entries(columns).map(([name, column]) => [name, part(column)] as const);
  return { rows: to - from, columns: Object.fromEntries(entries) };
}

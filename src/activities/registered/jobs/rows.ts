import type { ColumnType } from '../../../domain/definition';
import type { Row } from '../../../project/registry';
import { type Column, MISSING_TIMESTAMP, type TableColumns } from '../../../engines/tables/columns';

/** Rows [from, to) of a table, as user code sees them. */
export function rowsOf(
  table: TableColumns,
  types: Readonly<Record<string, ColumnType>>,
  from: number,
  to: number
): Row[] {
  const columns = Object.entries(table.columns);
  return Array.from({ length: to - from }, (_, index) =>
    Object.fromEntries(columns.map(([name, column]) => [name, valueOf(column, types[name], from + index)]))
  );
}

function valueOf(column: Column, type: ColumnType | undefined, row: number): Row[string] {
  switch (column.type) {
    case 'string':
      return column.dictionary[column.codes[row]!] ?? null;
    case 'text':
      return column.values[row] ?? null;
    case 'vector': {
      const vector = Array.from(column.values.subarray(row * column.width, (row + 1) * column.width));
      return vector.some(Number.isNaN) ? null : vector;
    }
    case 'timestamp':
      return column.values[row] === MISSING_TIMESTAMP ? null : new Date(Number(column.values[row]! / 1000n));
    case 'number': {
      const value = column.values[row]!;
      if (Number.isNaN(value)) return null;
      return type === 'boolean' ? value !== 0 : value;
    }
  }
}

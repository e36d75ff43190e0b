/** Rows of a table by their places, in any order and as often as one likes. */
import type { Column, TableColumns } from './columns';

export function takeRows(table: TableColumns, rows: Int32Array, names: readonly string[]): TableColumns {
  const columns = names.flatMap((name) => {
    const column = table.columns[name];
    return column === undefined ? [] : [[name, taken(column, rows)] as const];
  });
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

function taken(column: Column, rows: Int32Array): Column {
  switch (column.type) {
    case 'string':
      return { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) };
    case 'text':
      return { ...column, values: Array.from(rows, (row) => column.values[row]!) };
    case 'number':
      return { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) };
    case 'timestamp':
      return { ...column, values: BigInt64Array.from(rows, (row) => column.values[row]!) };
    case 'vector': {
      const { width } = column;
      const values = new Float64Array(rows.length * width);
      rows.forEach((row, at) => values.set(column.values.subarray(row * width, (row + 1) * width), at * width));
      return { ...column, values };
    }
  }
}

/** Rows of a table as feeds of a graph with feature inputs. */
import { MlopsError } from '../../domain/errors';
import { float64, int64, strings, type Tensor } from '../onnx/tensor';
import type { Column, TableColumns } from '../tables/columns';
import type { FeatureInput } from './fitted';

/**
 * Rows from … to−1.
 * @throws MlopsError MLOPS_FEATURE_INVALID when the table lacks an input or has it in another type.
 */
export function feedsOf(
  table: TableColumns,
  inputs: readonly FeatureInput[],
  from: number,
  to: number
): Readonly<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {};
  for (const input of inputs) feeds[input.column] = tensorOf(columnFor(table, input), from, to);
  return feeds;
}

function tensorOf(column: Column, from: number, to: number): Tensor {
  switch (column.type) {
    case 'timestamp':
      return int64(column.values.subarray(from, to));
    case 'number':
      return float64(column.values.subarray(from, to));
    case 'string': {
      const texts = new Array<string>(to - from);
      for (let row = from; row < to; row += 1) texts[row - from] = column.dictionary[column.codes[row]!] ?? '';
      return strings(texts);
    }
  }
}

function columnFor(table: TableColumns, { column: name, type }: FeatureInput): Column {
  const column = table.columns[name];
  if (column?.type === type) return column;
  const what = column === undefined ? 'The table lacks a column' : `The table has a ${column.type} column`;
  const where = { column: name, needed: type };
  throw new MlopsError(
    'MLOPS_FEATURE_INVALID',
    `${what} that the features read.`,
    where,
    'Score rows of the same source.'
  );
}

/** Rows of a table as feeds of a graph with feature inputs. */
import { MlopsError } from '../../domain/errors';
import { float64, int64, strings, type Tensor } from '../onnx/tensor';
import type { Column, TableColumns } from '../tables/columns';
import { type Batch, batchesOf } from './batches';
import type { FeatureInput } from './fitted';
import { normalText } from './normal-text';

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

/** All rows, in batches that a run of a graph with these inputs can hold. */
export function tableBatches(table: TableColumns, inputs: readonly FeatureInput[], most: number): Iterable<Batch> {
  const texts = inputs.flatMap(({ column: name }) => {
    const column = table.columns[name];
    return column?.type === 'text' ? [column.values] : [];
  });
  return batchesOf(table.rows, most, (row) => texts.map((values) => values[row]));
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
    case 'vector':
      return float64(column.values.subarray(from * column.width, to * column.width), [to - from, column.width]);
    case 'text':
      return strings(column.values.slice(from, to).map((text) => normalText(text ?? '')));
  }
}

function columnFor(table: TableColumns, { column: name, type, width }: FeatureInput): Column {
  const column = table.columns[name];
  if (column?.type === type && (column.type !== 'vector' || column.width === width)) return column;
  const what = column === undefined ? 'The table lacks a column' : `The table has a ${column.type} column`;
  const where = { column: name, needed: width === undefined ? type : `${type}(${width})` };
  throw new MlopsError(
    'MLOPS_FEATURE_INVALID',
    `${what} that the features read.`,
    where,
    'Score rows of the same source.'
  );
}

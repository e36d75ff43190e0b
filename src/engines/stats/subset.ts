/** Some of an evaluation's rows, as arrays of their own. */
import type { Scores } from '../../domain/scores';
import { type Blocks, blocksOf } from './blocks';

export function labelsAt(labels: Float32Array, rows: Int32Array): Float32Array {
  return Float32Array.from(rows, (row) => labels[row]!);
}

export function scoresAt({ width, values }: Scores, rows: Int32Array): Scores {
  const some = new Float32Array(rows.length * width);
  rows.forEach((row, at) => some.set(values.subarray(row * width, (row + 1) * width), at * width));
  return { width, values: some };
}

/** The blocks that the rows are of; of a single one, runs of rows. */
export function blocksAt(blocks: Blocks, rows: Int32Array): Blocks {
  const codes = Int32Array.from(rows, (row) => blocks.index[row]!);
  return blocksOf(blocks.of, codes, (code) => blocks.names[code]!);
}

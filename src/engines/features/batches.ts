/** Rows in batches. A graph pads each text of a batch to the longest: what a run holds is the product of both. */
import { MOST_CHARACTERS } from './normal-text';

/** Rows from … to−1. */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

/** Of a batch's texts, padded; a character is a string of its own in the graph, of some 32 bytes. */
const MOST_PADDED = 2 ** 20;

/**
 * @param most rows
 * @param textsOf the texts of a row
 */
export function* batchesOf(
  rows: number,
  most: number,
  textsOf: (row: number) => readonly (string | null | undefined)[]
): Generator<Batch, void> {
  for (let from = 0; from < rows; ) {
    let longest = 0;
    let to = from;
    for (; to < rows && to - from < most; to += 1) {
      longest = Math.max(longest, ...textsOf(to).map((text) => Math.min(text?.length ?? 0, MOST_CHARACTERS)));
      if (to > from && (to - from + 1) * longest > MOST_PADDED) break;
    }
    yield { from, to };
    from = to;
  }
}

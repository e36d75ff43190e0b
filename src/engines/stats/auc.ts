/**
 * Area under the ROC curve: the share of pairs of a positive and a negative row in which the positive one has the higher
 * score, ties counted half (Mann & Whitney's U with midranks).
 */
import type { Blocks } from './blocks';
import type { LeftOut } from './measure';

/**
 * The AUC, and for each block the AUC without its rows; one sort serves all of them.
 * Pairs without block b are all pairs, less those with b on the positive side, less those with b on the negative side,
 * plus those with b on both, which were taken away twice. Pairs are counted in halves: exact below 2^52 of them.
 * @param scores [rows], no NaN; @param labels [rows] of 0 and 1
 * @returns NaN where one class is missing
 */
export function aucByBlocks(
  scores: Float32Array,
  labels: Float32Array,
  { names, index }: Pick<Blocks, 'names' | 'index'>
): LeftOut {
  const blocks = names.length;
  const keys = sortedKeys(scores, labels, index, blocks);
  const positives = new Float64Array(blocks);
  const negatives = new Float64Array(blocks);
  const tiedNegatives = new Float64Array(blocks);
  const won = {
    asPositive: new Float64Array(blocks),
    asNegative: new Float64Array(blocks),
    asBoth: new Float64Array(blocks),
  };
  const allPositives = countOf(labels);
  let positivesBelow = 0;
  let negativesBelow = 0;

  for (let from = 0; from < keys.length; ) {
    const score = Math.floor(keys[from]! / (2 * blocks));
    const start = score * 2 * blocks;
    // A tie is sorted by label: negatives, then positives.
    let middle = from;
    while (middle < keys.length && keys[middle]! < start + blocks) middle += 1;
    let to = middle;
    while (to < keys.length && keys[to]! < start + 2 * blocks) to += 1;

    for (let i = from; i < middle; i += 1) {
      const block = keys[i]! - start;
      won.asNegative[block]! += allPositives - positivesBelow - (to - middle) / 2;
      tiedNegatives[block]! += 1;
    }
    for (let i = middle; i < to; i += 1) {
      const block = keys[i]! - start - blocks;
      won.asPositive[block]! += negativesBelow + (middle - from) / 2;
      won.asBoth[block]! += negatives[block]! + tiedNegatives[block]! / 2;
      positives[block]! += 1;
    }
    for (let i = from; i < middle; i += 1) {
      const block = keys[i]! - start;
      negatives[block]! += 1;
      tiedNegatives[block] = 0;
    }
    negativesBelow += middle - from;
    positivesBelow += to - middle;
    from = to;
  }

  let pairs = 0;
  for (const each of won.asPositive) pairs += each;
  const without = positives.map((p, b) => {
    const rest = pairs - won.asPositive[b]! - won.asNegative[b]! + won.asBoth[b]!;
    return rest / ((positivesBelow - p) * (negativesBelow - negatives[b]!));
  });
  return { estimate: pairs / (positivesBelow * negativesBelow), without };
}

function countOf(labels: Float32Array): number {
  let count = 0;
  for (const label of labels) if (label === 1) count += 1;
  return count;
}

/** Score, label and block of each row in one double, in the scores' order: sorting doubles needs no comparison in JavaScript. */
function sortedKeys(scores: Float32Array, labels: Float32Array, index: Int32Array, blocks: number): Float64Array {
  // Adding 0 makes −0 a 0, so that both are one score.
  const bits = new Uint32Array(scores.map((score) => score + 0).buffer);
  const keys = new Float64Array(scores.length);
  for (let row = 0; row < keys.length; row += 1) {
    const raw = bits[row]!;
    // A float's bits as unsigned number are in the floats' order once negative ones are turned round.
    const ordered = raw >= 0x80000000 ? 0xffffffff - raw : raw + 0x80000000;
    keys[row] = (ordered * 2 + (labels[row] === 1 ? 1 : 0)) * blocks + index[row]!;
  }
  return keys.sort();
}

/**
 * Average precision: Σ (recall − recall before) · precision over the distinct scores from the highest down, that is the mean over the
 * positive rows of the precision at their score (as scikit-learn's average_precision_score: steps, no interpolation).
 */
import { type Blocks, blockCounts } from './blocks';
import type { LeftOut } from './measure';

/**
 * It and, for each block, it without the block's rows. Those of a block change the counts above a score by what of the block lies above it,
 * so that between two of its rows the sum is one over whole stretches of the scores. Small blocks take these from running sums, one pass for
 * each number of rows left out; large ones go over all scores. With blocks of √rows as the border either is at most rows^1.5.
 * @param scores [rows], no NaN; @param labels [rows] of 0 and 1
 * @returns NaN where no row is positive
 */
export function averagePrecisionByBlocks(
  scores: Float32Array,
  labels: Float32Array,
  blocks: Pick<Blocks, 'names' | 'index'>
): LeftOut {
  const ranked = rankedScores(scores, labels);
  const counts = blockCounts(blocks);
  const rows = rowsByBlock(ranked, blocks, counts);
  const border = Math.ceil(Math.sqrt(scores.length));
  const without = new Float64Array(counts.length);
  counts.forEach((count, block) => {
    if (count > border) without[block] = withoutLarge(ranked, rows.of(block));
  });
  addSmall(ranked, rows, { counts, border, without });
  const total = ranked.positives.at(-1) ?? 0;
  counts.forEach((_, block) => (without[block]! /= total - rows.positivesOf(block)));
  return { estimate: precisionSum(ranked) / total, without };
}

/** Distinct scores from the highest down. */
interface Ranked {
  /** [rows], place of its score among the distinct ones */
  readonly rank: Int32Array;
  readonly labels: Float32Array;
  /** [distinct], positive rows of that score */
  readonly own: Float64Array;
  /** [distinct], positive rows, and all rows, of that score or a higher one */
  readonly positives: Float64Array;
  readonly rows: Float64Array;
}

function rankedScores(scores: Float32Array, labels: Float32Array): Ranked {
  // Adding 0 makes −0 a 0, so that both are one score.
  const plain = scores.map((score) => score + 0);
  const distinct = [...new Set(plain.slice().sort().reverse())];
  const places = new Map(distinct.map((score, place) => [score, place]));
  const rank = Int32Array.from(plain, (score) => places.get(score)!);
  const own = new Float64Array(distinct.length);
  const all = new Float64Array(distinct.length);
  rank.forEach((place, row) => {
    own[place]! += labels[row]!;
    all[place]! += 1;
  });
  return { rank, labels, own, positives: runningSums(own), rows: runningSums(all) };
}

function runningSums(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => (sum += value));
}

function precisionSum({ own, positives, rows }: Ranked): number {
  let sum = 0;
  for (let place = 0; place < own.length; place += 1) sum += (own[place]! * positives[place]!) / rows[place]!;
  return sum;
}

interface RowsByBlock {
  /** A block's rows from the highest score down. */
  of(block: number): Int32Array;
  positivesOf(block: number): number;
}

function rowsByBlock(
  { rank, labels, own }: Ranked,
  { index }: Pick<Blocks, 'index'>,
  counts: Float64Array
): RowsByBlock {
  const order = byRank(rank, own.length);
  const starts = new Int32Array(counts.length + 1);
  counts.forEach((count, block) => (starts[block + 1] = starts[block]! + count));
  const next = starts.slice();
  const rows = new Int32Array(index.length);
  const positives = new Float64Array(counts.length);
  for (const row of order) {
    const block = index[row]!;
    rows[next[block]!++] = row;
    positives[block]! += labels[row]!;
  }
  return {
    of: (block) => rows.subarray(starts[block], starts[block + 1]),
    positivesOf: (block) => positives[block]!,
  };
}

/** Rows by their rank. */
function byRank(rank: Int32Array, ranks: number): Int32Array {
  const next = new Int32Array(ranks + 1);
  for (const place of rank) next[place + 1]! += 1;
  for (let place = 0; place < ranks; place += 1) next[place + 1]! += next[place]!;
  const order = new Int32Array(rank.length);
  rank.forEach((place, row) => (order[next[place]!++] = row));
  return order;
}

/** Σ own positives · precision, all of them without the block's rows. */
function withoutLarge({ rank, labels, own, positives, rows }: Ranked, block: Int32Array): number {
  let sum = 0;
  let [leftPositives, leftRows, at] = [0, 0, 0];
  for (let place = 0; place < own.length; place += 1) {
    let ownLeft = 0;
    for (; at < block.length && rank[block[at]!] === place; at += 1) {
      ownLeft += labels[block[at]!]!;
      leftRows += 1;
    }
    leftPositives += ownLeft;
    const of = own[place]! - ownLeft;
    if (of > 0) sum += (of * (positives[place]! - leftPositives)) / (rows[place]! - leftRows);
  }
  return sum;
}

interface Small {
  readonly counts: Float64Array;
  readonly border: number;
  /** [blocks], added to */
  readonly without: Float64Array;
}

/** As `withoutLarge`, of all blocks of at most `border` rows: first the stretches below no row of a block, then below one, two, …. */
function addSmall(ranked: Ranked, blockRows: RowsByBlock, { counts, border, without }: Small): void {
  const { rank, labels, own, positives, rows } = ranked;
  const places = own.length;
  /** [distinct + 1], sums over the places before: Σ own · positives ÷ (rows − left out), Σ own ÷ (rows − left out) */
  const weighted = new Float64Array(places + 1);
  const plain = new Float64Array(places + 1);
  /** [blocks], positive ones among the rows left out so far */
  const leftPositives = new Float64Array(counts.length);
  let open = [...counts.keys()].filter((block) => counts[block]! <= border);
  for (let leftOut = 0; open.length > 0; leftOut += 1) {
    for (let place = 0; place < places; place += 1) {
      const over = rows[place]! > leftOut ? own[place]! / (rows[place]! - leftOut) : 0;
      plain[place + 1] = plain[place]! + over;
      weighted[place + 1] = weighted[place]! + over * positives[place]!;
    }
    for (const block of open) {
      const all = blockRows.of(block);
      if (leftOut > 0) leftPositives[block]! += labels[all[leftOut - 1]!]!;
      const from = leftOut === 0 ? 0 : rank[all[leftOut - 1]!]!;
      const to = leftOut === all.length ? places : rank[all[leftOut]!]!;
      // The row's own place belongs to the stretch that begins there; of several rows of one score the last one's stretch has it.
      if (to <= from) continue;
      const left = leftPositives[block]!;
      without[block]! += weighted[to]! - weighted[from]! - left * (plain[to]! - plain[from]!);
      if (leftOut > 0) without[block]! -= ownLeft(ranked, all, leftOut, left);
    }
    open = open.filter((block) => blockRows.of(block).length > leftOut);
  }
}

/** What the block's own positives of the score of its row `leftOut` − 1 have in the stretch's sum: they are left out, too. */
function ownLeft({ rank, labels, positives, rows }: Ranked, block: Int32Array, leftOut: number, left: number): number {
  const place = rank[block[leftOut - 1]!]!;
  const others = rows[place]! - leftOut;
  if (others === 0) return 0;
  let own = 0;
  for (let at = leftOut - 1; at >= 0 && rank[block[at]!] === place; at -= 1) own += labels[block[at]!]!;
  return (own * (positives[place]! - left)) / others;
}

/**
 * Expected calibration error: over ten equal-count bins of the scores, Σ share of rows · |mean score − rate|
 * (Naeini, Cooper & Hauskrecht 2015, with equal-count bins as Nixon et al. 2019). Equal scores share a bin.
 */
import type { CalibrationBin } from '../../domain/curves';
import type { Blocks } from './blocks';
import type { LeftOut } from './measure';

const BINS = 10;

/** The error, and for each block the error without its rows, in the bins of all rows. */
export function calibrationByBlocks(
  scores: Float32Array,
  labels: Float32Array,
  { names, index }: Pick<Blocks, 'names' | 'index'>
): LeftOut {
  const edges = edgesOf(scores);
  const bins = edges.length + 1;
  const blocks = names.length;
  const cells = { rows: new Float64Array(blocks * bins), excess: new Float64Array(blocks * bins) };
  for (let row = 0; row < scores.length; row += 1) {
    const cell = index[row]! * bins + binOf(edges, scores[row]!);
    cells.rows[cell]! += 1;
    cells.excess[cell]! += scores[row]! - labels[row]!;
  }
  const all = { rows: new Float64Array(bins), excess: new Float64Array(bins) };
  for (let cell = 0; cell < blocks * bins; cell += 1) {
    all.rows[cell % bins]! += cells.rows[cell]!;
    all.excess[cell % bins]! += cells.excess[cell]!;
  }
  // Rows · |mean score − rate| of a bin is |Σ (score − label)|. Taken from the sums over all blocks: a block may be one row.
  const errorOf = (left: number | undefined): number => {
    let rows = 0;
    let error = 0;
    for (let bin = 0; bin < bins; bin += 1) {
      const cell = left === undefined ? undefined : left * bins + bin;
      rows += all.rows[bin]! - (cell === undefined ? 0 : cells.rows[cell]!);
      error += Math.abs(all.excess[bin]! - (cell === undefined ? 0 : cells.excess[cell]!));
    }
    return error / rows;
  };
  return { estimate: errorOf(undefined), without: Float64Array.from({ length: blocks }, (_, block) => errorOf(block)) };
}

/** The bins of all rows, from the lowest scores to the highest: what the error is made of. */
export function calibrationBins(scores: Float32Array, labels: Float32Array): readonly CalibrationBin[] {
  const edges = edgesOf(scores);
  const bins = Array.from({ length: edges.length + 1 }, () => ({ rows: 0, scores: 0, labels: 0 }));
  scores.forEach((score, row) => {
    const bin = bins[binOf(edges, score)]!;
    bin.rows += 1;
    bin.scores += score;
    bin.labels += labels[row]!;
  });
  return bins.map(({ rows, ...sums }) => ({ rows, meanScore: sums.scores / rows, meanTruth: sums.labels / rows }));
}

/** Distinct scores that end the bins but the last. */
function edgesOf(scores: Float32Array): readonly number[] {
  const sorted = scores.slice().sort();
  const edges = Array.from({ length: BINS - 1 }, (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / BINS) - 1]!);
  return [...new Set(edges)].filter((edge) => edge < sorted.at(-1)!);
}

function binOf(edges: readonly number[], score: number): number {
  let bin = 0;
  while (bin < edges.length && score > edges[bin]!) bin += 1;
  return bin;
}

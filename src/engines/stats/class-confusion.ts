/** Precision, recall and F1 of classes, of all rows and of those without each block. */
import { likeliest, type Scores } from '../../domain/scores';
import { type Blocks, blockCounts } from './blocks';
import { jackknifed, type LeftOut, type Measured } from './measure';

/** Of one class: rows that are taken for it and are of it, that are taken for it, that are of it. */
export interface ClassCounts {
  right: number;
  taken: number;
  actual: number;
}

export type ClassStatistic = (counts: ClassCounts) => number;

/** NaN where no row is taken for the class. */
export const precision: ClassStatistic = ({ right, taken }) => right / taken;

/** NaN where no row is of the class. */
export const recall: ClassStatistic = ({ right, actual }) => right / actual;

/** NaN where there is neither. */
export const f1: ClassStatistic = ({ right, taken, actual }) => (2 * right) / (taken + actual);

export interface Answers {
  /** [rows], the likeliest class */
  readonly found: Int32Array;
  readonly labels: Float32Array;
  readonly classes: number;
}

export function answersOf(scores: Scores, labels: Float32Array): Answers {
  return { found: likeliest(scores), labels, classes: scores.width };
}

/** [classes] */
function countsOf({ found, labels, classes }: Answers): readonly ClassCounts[] {
  const counts = Array.from({ length: classes }, () => ({ right: 0, taken: 0, actual: 0 }));
  for (let row = 0; row < found.length; row += 1) add(counts, found[row]!, labels[row]!, 1);
  return counts;
}

function add(counts: readonly ClassCounts[], answer: number, label: number, sign: 1 | -1): void {
  counts[answer]!.taken += sign;
  counts[label]!.actual += sign;
  if (answer === label) counts[label]!.right += sign;
}

/** A statistic of one class. The values without each block are made when they are asked for. */
export function ofClass(
  { found, labels }: Answers,
  place: number,
  blocks: Blocks,
  statistic: ClassStatistic
): Measured {
  return ofOutcomes(
    (row) => (found[row] === place ? 1 : 0) + (labels[row] === place ? 2 : 0),
    found.length,
    blocks,
    statistic
  );
}

/** @param own of a row 1 if it is taken for the class, plus 2 if it is of it */
export function ofOutcomes(
  own: (row: number) => number,
  rows: number,
  blocks: Blocks,
  statistic: ClassStatistic
): Measured {
  const all = { right: 0, taken: 0, actual: 0 };
  const plus = (to: ClassCounts, of: number): void => {
    to.right += of === 3 ? 1 : 0;
    to.taken += of & 1;
    to.actual += of >> 1;
  };
  for (let row = 0; row < rows; row += 1) plus(all, own(row));
  const without = (): Float64Array => {
    const left = new Float64Array(3 * blocks.names.length);
    for (let row = 0; row < rows; row += 1) {
      const [of, at] = [own(row), 3 * blocks.index[row]!];
      left[at]! += of === 3 ? 1 : 0;
      left[at + 1]! += of & 1;
      left[at + 2]! += of >> 1;
    }
    return Float64Array.from(blocks.names, (_, block) =>
      statistic({
        right: all.right - left[3 * block]!,
        taken: all.taken - left[3 * block + 1]!,
        actual: all.actual - left[3 * block + 2]!,
      })
    );
  };
  return { kind: 'jackknife', estimate: statistic(all), without };
}

/**
 * The mean of a statistic over the classes that rows are of or are taken for; what is undefined of one of them counts 0, as in
 * scikit-learn. A block's rows touch few classes: the mean without it comes from the whole one by those alone.
 */
export function macroOf(answers: Answers, blocks: Blocks, statistic: ClassStatistic): Measured {
  const { found, labels } = answers;
  const counts = countsOf(answers);
  const all = sumOf(counts, statistic);
  const { rows, starts } = rowsByBlock(blocks);
  const without = Float64Array.from(blocks.names, (_, block) => {
    const own = rows.subarray(starts[block], starts[block + 1]);
    const touched = [...new Set([...own].flatMap((row) => [found[row]!, labels[row]!]))].map((place) => counts[place]!);
    const before = sumOf(touched, statistic);
    for (const row of own) add(counts, found[row]!, labels[row]!, -1);
    const after = sumOf(touched, statistic);
    for (const row of own) add(counts, found[row]!, labels[row]!, 1);
    return (all.sum - before.sum + after.sum) / (all.classes - before.classes + after.classes);
  });
  return jackknifed({ estimate: all.sum / all.classes, without } satisfies LeftOut);
}

function sumOf(counts: readonly ClassCounts[], statistic: ClassStatistic): { sum: number; classes: number } {
  let [sum, classes] = [0, 0];
  for (const each of counts) {
    if (each.taken + each.actual === 0) continue;
    const value = statistic(each);
    sum += Number.isNaN(value) ? 0 : value;
    classes += 1;
  }
  return { sum, classes };
}

/** The rows block after block; block b's are those from `starts[b]` to `starts[b + 1]`. */
export function rowsByBlock(blocks: Blocks): { readonly rows: Int32Array; readonly starts: Int32Array } {
  const starts = new Int32Array(blocks.names.length + 1);
  blockCounts(blocks).forEach((count, block) => (starts[block + 1] = starts[block]! + count));
  const rows = new Int32Array(blocks.index.length);
  const next = starts.slice();
  blocks.index.forEach((block, row) => (rows[next[block]!++] = row));
  return { rows, starts };
}

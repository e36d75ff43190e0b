/** Precision, recall and F1 over several labels, of all rows and of those without each block. */
import type { Blocks } from './blocks';
import { type ClassCounts, type ClassStatistic, f1, precision, recall, rowsByBlock } from './class-confusion';
import { jackknifed, type Measured } from './measure';

export interface LabelDecisions {
  /** [rows], Σ 2^place of the labels that are decided to hold. */
  readonly decided: Int32Array;
  /** [rows], of those that hold. */
  readonly truths: Float32Array;
  readonly labels: number;
}

const STATISTICS = {
  microF1: micro(f1),
  macroF1: macro(f1),
  microPrecision: micro(precision),
  microRecall: micro(recall),
  macroPrecision: macro(precision),
  macroRecall: macro(recall),
} as const;

type Average = keyof typeof STATISTICS;

/** As scikit-learn's `average` of them: what is undefined of a label counts 0 in a mean. */
export function averagesOf(decisions: LabelDecisions, blocks: Blocks): Readonly<Record<Average, Measured>> {
  const { decided, labels } = decisions;
  const counts = Array.from({ length: labels }, () => ({ right: 0, taken: 0, actual: 0 }));
  for (let row = 0; row < decided.length; row += 1) add(counts, decisions, row, 1);
  const names = Object.keys(STATISTICS) as readonly Average[];
  const estimates = names.map((name) => STATISTICS[name](counts));
  const without = names.map(() => new Float64Array(blocks.names.length));
  const { rows, starts } = rowsByBlock(blocks);
  blocks.names.forEach((_, block) => {
    const own = rows.subarray(starts[block], starts[block + 1]);
    for (const row of own) add(counts, decisions, row, -1);
    names.forEach((name, at) => (without[at]![block] = STATISTICS[name](counts)));
    for (const row of own) add(counts, decisions, row, 1);
  });
  return Object.fromEntries(
    names.map((name, at) => [name, jackknifed({ estimate: estimates[at]!, without: without[at]! })])
  ) as Record<Average, Measured>;
}

/** How many labels a sum of 2^place is of. */
export function countOfLabels(label: number): number {
  let count = 0;
  for (let left = label; left !== 0; left &= left - 1) count += 1;
  return count;
}

function add(counts: readonly ClassCounts[], { decided, truths }: LabelDecisions, row: number, sign: 1 | -1): void {
  const [taken, actual] = [decided[row]!, truths[row]!];
  for (let left = taken | actual; left !== 0; left &= left - 1) {
    const place = 31 - Math.clz32(left & -left);
    const own = counts[place]!;
    own.taken += sign * ((taken >>> place) & 1);
    own.actual += sign * ((actual >>> place) & 1);
    own.right += sign * (((taken & actual) >>> place) & 1);
  }
}

type Statistic = (counts: readonly ClassCounts[]) => number;

function micro(statistic: ClassStatistic): Statistic {
  return (counts) => {
    const sum = { right: 0, taken: 0, actual: 0 };
    for (const each of counts) {
      sum.right += each.right;
      sum.taken += each.taken;
      sum.actual += each.actual;
    }
    return statistic(sum);
  };
}

function macro(statistic: ClassStatistic): Statistic {
  return (counts) => {
    let sum = 0;
    for (const each of counts) {
      const value = statistic(each);
      sum += Number.isNaN(value) ? 0 : value;
    }
    return sum / counts.length;
  };
}

/** All metrics of one model's scores, kept so that intervals and paired differences can be taken by blocks. */
import type { Objective } from '../../domain/definition';
import type { Interval } from '../../domain/evaluation';
import type { BuiltInMetric } from '../../domain/metrics';
import { aucByBlocks } from './auc';
import { type Blocks, blockCounts, blockSums, total } from './blocks';
import { calibrationByBlocks } from './calibration';
import { type Confusion, f1, outcomeOf, precision, recall } from './decisions';
import { jackknifeInterval, meanInterval } from './intervals';
import { logLossOf, squaredErrorOf } from './losses';

/** A mean's sums over blocks, or any statistic with its value without each block. */
export type Measured =
  | { readonly kind: 'mean'; readonly sums: Float64Array }
  | { readonly kind: 'jackknife'; readonly estimate: number; readonly without: Float64Array };

export type Measures = ReadonlyMap<string, Measured>;

/** Metrics that are undefined on these rows (AUC of one class, precision without a positive decision) are left out. */
export function measure(
  scores: Float32Array,
  labels: Float32Array,
  blocks: Blocks,
  { decisionThreshold, utility }: Pick<Objective, 'decisionThreshold' | 'utility'>
): Measures {
  const mean = (of: (score: number, label: number) => number): Measured => ({
    kind: 'mean',
    sums: blockSums(blocks, (row) => of(scores[row]!, labels[row]!)),
  });
  const confusions = confusionsByBlock(scores, labels, blocks, decisionThreshold);
  const all: Record<Exclude<BuiltInMetric, 'utility'>, Measured> = {
    auc: { kind: 'jackknife', ...aucByBlocks(scores, labels, blocks) },
    logLoss: mean(logLossOf),
    brier: mean(squaredErrorOf),
    calibrationError: { kind: 'jackknife', ...calibrationByBlocks(scores, labels, blocks) },
    accuracy: { kind: 'mean', sums: Float64Array.from(confusions, (one) => one.truePositive + one.trueNegative) },
    precision: jackknife(confusions, precision),
    recall: jackknife(confusions, recall),
    f1: jackknife(confusions, f1),
  };
  const measures = new Map<string, Measured>(Object.entries(all));
  if (utility !== undefined) {
    measures.set(
      'utility',
      mean((score, label) => utility[outcomeOf(score, label, decisionThreshold)])
    );
  }
  return new Map([...measures].filter(([, measured]) => Number.isFinite(estimateOf(measured, blocks))));
}

export function estimateOf(measured: Measured, blocks: Blocks): number {
  return measured.kind === 'mean' ? total(measured.sums) / blocks.index.length : measured.estimate;
}

export function intervalOf(measured: Measured, blocks: Blocks, confidence: number): Interval {
  return measured.kind === 'mean'
    ? meanInterval(measured.sums, blockCounts(blocks), confidence, blocks.of)
    : jackknifeInterval(measured.estimate, measured.without, confidence, blocks.of);
}

/** a − b, paired: both on the same rows in the same blocks. */
export function differenceOf(a: Measured, b: Measured): Measured | undefined {
  if (a.kind === 'mean' && b.kind === 'mean') return { kind: 'mean', sums: minus(a.sums, b.sums) };
  if (a.kind === 'jackknife' && b.kind === 'jackknife') {
    return { kind: 'jackknife', estimate: a.estimate - b.estimate, without: minus(a.without, b.without) };
  }
  return undefined;
}

const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]!);

function confusionsByBlock(
  scores: Float32Array,
  labels: Float32Array,
  { names, index }: Blocks,
  threshold: number
): readonly Confusion[] {
  const counts = names.map(() => ({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 }));
  for (let row = 0; row < scores.length; row += 1) {
    counts[index[row]!]![outcomeOf(scores[row]!, labels[row]!, threshold)] += 1;
  }
  return counts;
}

function jackknife(confusions: readonly Confusion[], statistic: (confusion: Confusion) => number): Measured {
  const all = confusions.reduce((a, b) => plus(a, b, 1));
  return {
    kind: 'jackknife',
    estimate: statistic(all),
    without: Float64Array.from(confusions, (one) => statistic(plus(all, one, -1))),
  };
}

/** a + sign · b */
function plus(a: Confusion, b: Confusion, sign: 1 | -1): Confusion {
  return {
    truePositive: a.truePositive + sign * b.truePositive,
    falsePositive: a.falsePositive + sign * b.falsePositive,
    falseNegative: a.falseNegative + sign * b.falseNegative,
    trueNegative: a.trueNegative + sign * b.trueNegative,
  };
}

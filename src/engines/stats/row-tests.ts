/**
 * Candidate against champion by the two tests that people know, which take rows for independent: where days or customers differ as
 * wholes they see differences that are none. They are shown beside the blocked intervals, and no gate goes by them.
 */
import type { RowTests } from '../../domain/evaluation';
import { binomialGreater } from '../../domain/exact-tests';
import { likeliest, type Scores } from '../../domain/scores';
import { decidedLabels } from '../../domain/task';
import { chiSquaredTail } from './chi-squared';
import type { MeasuredObjective } from './tasks/task';

/** Undefined of a number, of which nothing is decided. */
export function rowTestsOf(
  candidate: Scores,
  champion: Scores,
  labels: Float32Array,
  objective: MeasuredObjective
): RowTests | undefined {
  if (objective.task === 'number') return undefined;
  const decided = (scores: Scores): Int32Array => {
    switch (objective.task) {
      case 'binary':
        return Int32Array.from(scores.values, (score) => (score >= objective.decisionThreshold ? 1 : 0));
      case 'classes':
        return likeliest(scores);
      case 'labels':
        return decidedLabels(scores, objective);
    }
  };
  const deLong = objective.task === 'binary' ? deLongTest(candidate.values, champion.values, labels) : undefined;
  return {
    mcNemar: mcNemarTest(decided(candidate), decided(champion), labels),
    ...(deLong === undefined ? {} : { deLong }),
  };
}

/** The exact test: of the rows that one model alone has right, either has half of them by chance (McNemar 1947). */
export function mcNemarTest(
  candidate: Int32Array,
  champion: Int32Array,
  labels: Float32Array
): NonNullable<RowTests['mcNemar']> {
  let candidateAlone = 0;
  let championAlone = 0;
  labels.forEach((label, row) => {
    if ((candidate[row] === label) === (champion[row] === label)) return;
    if (candidate[row] === label) candidateAlone += 1;
    else championAlone += 1;
  });
  const all = candidateAlone + championAlone;
  const more = Math.max(candidateAlone, championAlone);
  const pValue = all === 0 ? 1 : Math.min(1, 2 * binomialGreater(more, all, 0.5));
  return { candidateAlone, championAlone, pValue };
}

/**
 * The difference of two AUCs by its placements' covariance, from midranks (DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014).
 * @returns undefined where one label has fewer than two rows
 */
export function deLongTest(candidate: Float32Array, champion: Float32Array, labels: Float32Array): RowTests['deLong'] {
  const [a, b] = [placements(candidate, labels), placements(champion, labels)];
  const [positives, negatives] = [a.positive.length, a.negative.length];
  if (positives < 2 || negatives < 2) return undefined;
  const difference = mean(a.positive) - mean(b.positive);
  const variance =
    varianceOf(a.positive.map((value, at) => value - b.positive[at]!)) / positives +
    varianceOf(a.negative.map((value, at) => value - b.negative[at]!)) / negatives;
  const pValue = variance > 0 ? chiSquaredTail(difference ** 2 / variance, 1) : difference === 0 ? 1 : 0;
  return { difference, error: Math.sqrt(variance), pValue };
}

/** Of each positive row the share of negative rows below it, of each negative row that of positive ones above it; ties half. */
function placements(
  scores: Float32Array,
  labels: Float32Array
): { readonly positive: Float64Array; readonly negative: Float64Array } {
  const of = (label: number): Float32Array => scores.filter((_, row) => labels[row] === label);
  const [positive, negative] = [of(1), of(0)];
  const below = sharesBelow(positive, negative.slice().sort());
  const above = sharesBelow(negative, positive.slice().sort()).map((share) => 1 - share);
  return { positive: below, negative: above };
}

/** Of each value the share of `sorted` below it, ties half. */
function sharesBelow(values: Float32Array, sorted: Float32Array): Float64Array {
  return Float64Array.from(values, (value) => {
    const [less, notMore] = [countBelow(sorted, value, false), countBelow(sorted, value, true)];
    return (less + notMore) / 2 / sorted.length;
  });
}

function countBelow(sorted: Float32Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function varianceOf(values: Float64Array): number {
  const middle = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - middle) ** 2;
  return squares / (values.length - 1);
}

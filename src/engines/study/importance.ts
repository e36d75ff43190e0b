/**
 * How much of a study's losses each parameter explains, by ranks, 0 to 1. Of a number: the square of Spearman's rank correlation with the loss
 * (Spearman, 1904). Of an option: ε² of Kruskal and Wallis, H ÷ (n − 1) (Tomczak and Tomczak, 2014), the share of the variance of the losses' ranks
 * that lies between the options. Effects that rise and fall again, and those of two parameters together, are not seen.
 */
import type { Choices } from '../../domain/study/space';

export interface ParameterImportance {
  /** Path in the study's design. */
  readonly space: string;
  readonly importance: number;
  /** Trials that chose it. */
  readonly trials: number;
  /** Spearman's; of a number alone: below 0, larger values have smaller losses. */
  readonly correlation?: number;
}

/** With fewer, chance alone looks like an effect. */
const FEWEST = 5;

/**
 * The largest first; parameters whose trials all have one value, or one loss, are left out.
 * @param trials that came to their end
 * @param isOption whether this parameter's numbers are places of options
 */
export function importanceOf(
  trials: readonly { readonly choices: Choices; readonly loss: number }[],
  isOption: (space: string) => boolean
): readonly ParameterImportance[] {
  const spaces = [...new Set(trials.flatMap(({ choices }) => Object.keys(choices)))];
  return spaces
    .flatMap((space): readonly ParameterImportance[] => {
      const chose = trials.filter(({ choices }) => choices[space] !== undefined);
      const values = chose.map(({ choices }) => choices[space]!);
      const losses = chose.map(({ loss }) => loss);
      if (chose.length < FEWEST || new Set(values).size < 2 || new Set(losses).size < 2) return [];
      if (isOption(space)) return [{ space, importance: kruskalWallis(values, losses), trials: chose.length }];
      const correlation = spearman(values, losses);
      return [{ space, importance: correlation ** 2, trials: chose.length, correlation }];
    })
    .toSorted((a, b) => b.importance - a.importance);
}

/** Neither side is constant. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [midranks(x), midranks(y)];
  return covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b));
}

/** ε²: H, corrected for ties, ÷ (n − 1). @param groups of which group each value is */
export function kruskalWallis(groups: readonly number[], values: readonly number[]): number {
  const ranks = midranks(values);
  const mean = (values.length + 1) / 2;
  const sums = new Map<number, { readonly sum: number; readonly count: number }>();
  for (const [at, group] of groups.entries()) {
    const { sum, count } = sums.get(group) ?? { sum: 0, count: 0 };
    sums.set(group, { sum: sum + ranks[at]! - mean, count: count + 1 });
  }
  const between = [...sums.values()].reduce((all, { sum, count }) => all + sum ** 2 / count, 0);
  return between / covariance(ranks, ranks);
}

/** Places in ascending order, from 1; equal values share the mean of theirs. */
function midranks(values: readonly number[]): readonly number[] {
  const order = values.map((_, at) => at).toSorted((a, b) => values[a]! - values[b]!);
  const ranks = Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (const at of order.slice(from, to)) ranks[at] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** Times the number of ranks, whose mean is known. */
function covariance(a: readonly number[], b: readonly number[]): number {
  const mean = (a.length + 1) / 2;
  return a.reduce((sum, rank, at) => sum + (rank - mean) * (b[at]! - mean), 0);
}

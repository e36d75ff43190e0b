/** Losses of one row's probability; an evaluation's are their means. */

/** ε of float32, which scores are: a score of exactly 0 or 1 isn't certain beyond that. As scikit-learn clips. */
const EPSILON = 2 ** -23;

/** −ln of the probability that was given to what happened, clipped to [ε, 1 − ε]. */
export function logLossOf(score: number, label: number): number {
  const probability = Math.min(1 - EPSILON, Math.max(EPSILON, score));
  return label === 1 ? -Math.log(probability) : -Math.log(1 - probability);
}

export function squaredErrorOf(score: number, label: number): number {
  return (score - label) ** 2;
}

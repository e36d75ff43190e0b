/** Medians: a shared machine's figures have long tails, and a mean would follow them. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no value has no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Both of one round met the same machine, so the ratio is taken round by round, and then the median. */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  if (over.length !== under.length) throw new Error(`${over.length} and ${under.length} rounds make no pairs`);
  return median(over.map((value, round) => value / under[round]!));
}

/** `min/median/max` */
export function spread(values: readonly number[], digits = 1): string {
  return [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits)).join('/');
}

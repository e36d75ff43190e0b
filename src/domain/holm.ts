/**
 * p-values corrected for how many there are: rejecting those at most α makes any false rejection among all at most α likely, however
 * they depend on each other. Source: Holm 1979; as R's p.adjust(method = 'holm').
 */
export function holmAdjusted(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, at) => at).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let least = 0;
  order.forEach((at, rank) => {
    least = Math.max(least, Math.min(1, pValues[at]! * (pValues.length - rank)));
    adjusted[at] = least;
  });
  return adjusted;
}

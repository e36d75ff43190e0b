/**
 * Which of many tests reject, so that on average at most `rate` of the rejected ones are false alarms; with no true
 * change anywhere, the chance of any alarm is at most `rate`. Source: Benjamini & Hochberg 1995.
 */
export function rejected(pValues: readonly number[], rate: number): readonly boolean[] {
  const ordered = [...pValues].sort((a, b) => a - b);
  let limit = -1;
  ordered.forEach((p, i) => {
    if (p <= ((i + 1) / ordered.length) * rate) limit = p;
  });
  return pValues.map((p) => p <= limit);
}

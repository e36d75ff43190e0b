/** ln n!, n a whole number: sums below 32, Stirling's series from there on (its next term is under 2e-14). */
const SUMS = 32;

export function logFactorial(n: number): number {
  if (n < SUMS) return TABLE[n]!;
  const square = n * n;
  const series = (1 - (1 / 30 - 1 / (105 * square)) / square) / (12 * n);
  return (n + 0.5) * Math.log(n) - n + Math.log(2 * Math.PI) / 2 + series;
}

const TABLE: readonly number[] = Array.from({ length: SUMS }, (_, n) => {
  let sum = 0;
  for (let k = 2; k <= n; k += 1) sum += Math.log(k);
  return sum;
});

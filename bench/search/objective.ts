/** What is searched: a space with conditions, and a loss of it that costs nothing. The same is in peers/optuna_search.py. */
import type { Choices } from '../../src/domain/study/space';

export const SPACE = {
  oneOf: [
    { network: { rate: { log: [1e-5, 1] }, width: { int: [4, 256] }, dropout: { float: [0, 0.9] } } },
    { trees: { depth: { int: [1, 12] }, rate: { log: [1e-3, 1] } } },
  ],
};

/** Best is 0.1: a network of 96 at a rate of 10^-2.5 with a dropout of 0.2. */
export function lossOf(choices: Choices): number {
  const at = (path: string) => choices[path]!;
  if (choices[''] === 1)
    return 0.4 + ((at('=1.trees.depth') - 6) / 6) ** 2 + 0.2 * (Math.log10(at('=1.trees.rate')) + 1) ** 2;
  const rate = 0.1 * (Math.log10(at('=0.network.rate')) + 2.5) ** 2;
  return 0.1 + rate + ((at('=0.network.width') - 96) / 128) ** 2 + (at('=0.network.dropout') - 0.2) ** 2;
}

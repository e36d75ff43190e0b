/** What a study's parameters explain, against the values in SciPy's documentation of spearmanr and kruskal. */
import { importanceOf, kruskalWallis, spearman } from '../../../src/engines/study/importance';

test('Spearman, with a tie, as scipy.stats.spearmanr', () => {
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 14);
});

test('ε² is H ÷ (n − 1), as scipy.stats.kruskal has H, with ties and without', () => {
  const groups = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
  expect(kruskalWallis(groups, [1, 3, 5, 7, 9, 2, 4, 6, 8, 10]) * 9).toBeCloseTo(0.2727272727272734, 12);
  expect(kruskalWallis([0, 0, 0, 1, 1, 1, 2, 2], [1, 1, 1, 2, 2, 2, 2, 2]) * 7).toBeCloseTo(7, 12);
});

test('the largest first, each by the trials that chose it; what explains nothing that can be measured is left out', () => {
  const trials = Array.from({ length: 12 }, (_, at) => ({
    choices: { of: at % 2, constant: 3, ...(at % 2 === 0 ? { rate: at, few: at } : {}) },
    loss: at % 2 === 0 ? 100 - at : at,
  }));
  const found = importanceOf(trials, (space) => space === 'of');
  expect(found.map(({ space, trials: chose }) => [space, chose])).toEqual([
    ['rate', 6],
    ['few', 6],
    ['of', 12],
  ]);
  expect(found[0]).toMatchObject({ importance: 1, correlation: -1 });
  expect(found[2]!.importance).toBeGreaterThan(0.7);
  expect(importanceOf(trials.slice(0, 4), () => false)).toEqual([]);
});

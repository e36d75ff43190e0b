import type { Choices } from '../../../src/domain/study/space';
import { divided, type EndedTrial, suggest } from '../../../src/engines/study/suggest';

const TEMPLATE = {
  oneOf: [
    { network: { hidden: [{ int: [4, 64] }], learningRate: { log: [1e-4, 1] }, dropout: { float: [0, 0.5] } } },
    { linear: { l2: { log: [1e-6, 10] } } },
  ],
};

/** Best: a network of 32 with a learning rate of 0.01 and no dropout. */
function lossOf(choices: Choices): number {
  if (choices[''] === 1) return 3 + Math.abs(Math.log10(choices['=1.linear.l2']!));
  const [hidden, rate, dropout] = ['hidden[0]', 'learningRate', 'dropout'].map(
    (name) => choices[`=0.network.${name}`]!
  );
  return ((hidden! - 32) / 60) ** 2 + (Math.log10(rate!) + 2) ** 2 + dropout!;
}

function study(sampler: 'random' | 'tpe', seed: number, count: number): EndedTrial[] {
  const trials: EndedTrial[] = [];
  for (let number = 1; number <= count; number += 1) {
    const { choices } = suggest({ template: TEMPLATE, sampler, seed, number, trials });
    trials.push({ number, choices, loss: lossOf(choices) });
  }
  return trials;
}

const best = (trials: readonly EndedTrial[]) => Math.min(...trials.map(({ loss }) => loss!));

test('the estimator finds better designs than chance, whatever the seed', () => {
  const seeds = Array.from({ length: 15 }, (_, seed) => seed);
  const wins = seeds.filter((seed) => best(study('tpe', seed, 60)) < best(study('random', seed, 60)));
  expect(wins.length).toBeGreaterThanOrEqual(13);
});

test('the same question has the same answer, another trial another', () => {
  const trials = study('tpe', 5, 20);
  const ask = (number: number) => suggest({ template: TEMPLATE, sampler: 'tpe', seed: 5, number, trials });
  expect(ask(21)).toEqual(ask(21));
  expect(ask(22)).not.toEqual(ask(21));
});

test('a design has a value in place of each space, and only of the option that was chosen', () => {
  const trials = study('random', 1, 40);
  const [network, linear] = [0, 1].map((option) => {
    const { number, choices } = trials.find((trial) => trial.choices[''] === option)!;
    const { design } = suggest({ template: TEMPLATE, sampler: 'random', seed: 1, number, trials: [] });
    return { design, paths: Object.keys(choices), choices };
  });
  const [, hidden, learningRate, dropout] = network!.paths.map((path) => network!.choices[path]);
  expect(network!.design).toEqual({ network: { hidden: [hidden], learningRate, dropout } });
  expect(linear!.paths).toEqual(['', '=1.linear.l2']);
  expect(linear!.design).toEqual({ linear: { l2: linear!.choices['=1.linear.l2'] } });
});

test('of trials, one of ten is good, of equal ones the earlier', () => {
  const trials = Array.from({ length: 12 }, (_, at) => ({ number: at + 1, choices: {}, loss: at < 4 ? 1 : 2 }));
  expect(divided(trials)[0].map(({ number }) => number)).toEqual([1, 2]);
  expect(divided(trials)[1]).toHaveLength(10);
});

test('a trial that came further is better than one that was stopped before it, whatever their losses', () => {
  const stopped = (number: number, stoppedAfter: number, loss: number) => ({ number, choices: {}, loss, stoppedAfter });
  const others = Array.from({ length: 18 }, (_, at) => stopped(at + 3, 1, 0.1));
  const trials = [stopped(1, 3, 0.9), { number: 2, choices: {}, loss: 1 }, ...others];
  expect(divided(trials)[0].map(({ number }) => number)).toEqual([1, 2]);
  expect(divided([...trials, { number: 21, choices: {}, loss: 5 }])[0].map(({ number }) => number)).toEqual([1, 2, 21]);
});

test('trials that failed say nothing', () => {
  const failed = Array.from({ length: 30 }, (_, at) => ({ number: at + 1, choices: {} }));
  const ask = (trials: readonly EndedTrial[]) =>
    suggest({ template: TEMPLATE, sampler: 'tpe', seed: 1, number: 31, trials });
  expect(ask(failed)).toEqual(ask([]));
});

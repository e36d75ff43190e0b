/** A definition whose model is a study: every model that it may choose is one, and trials are compared by validation rows. */
import { suggest } from '../../src/engines/study/suggest';
import { checkProject } from '../../src/project/define-project';
import { CHURN } from './churn';
import { PLAIN_NETWORK } from '../support/plain-network';

const SPLIT = { by: 'hash', columns: ['plan'], validation: 0.2 } as const;

function check(of: unknown, { study, ...changes }: Readonly<Record<string, object>> = {}) {
  return checkProject({ ...CHURN, split: SPLIT, ...changes, model: { study: { of, trials: 5, ...study } } });
}

const problems = (of: unknown, changes?: Readonly<Record<string, object>>): string[] =>
  check(of, changes).mistakes.map(({ path, problem }) => `${path}: ${problem}`);

const WIDE = {
  oneOf: [
    { network: { hidden: { oneOf: [[], [{ int: [4, 64] }, 8]] }, learningRate: { log: [1e-4, 0.1] } } },
    { trees: { depth: { int: [2, 6] }, rounds: 50 } },
  ],
};

test('its defaults are filled in, in each model that may be chosen, and the result is an input again', () => {
  const { definition, mistakes } = check(WIDE);
  expect(mistakes).toEqual([]);
  expect(definition!.model).toEqual({
    study: {
      of: {
        oneOf: [
          {
            network: {
              ...PLAIN_NETWORK,
              hidden: { oneOf: [[], [{ int: [4, 64] }, 8]] },
              batch: 512,
              learningRate: { log: [1e-4, 0.1] },
              epochs: 20,
              maxRowsSeen: 20_000_000,
              seed: 1,
            },
          },
          {
            trees: {
              rounds: 50,
              depth: { int: [2, 6] },
              learningRate: 0.1,
              minWeight: 1,
              l2: 1,
              rowShare: 1,
              columnShare: 1,
              patience: 20,
              seed: 1,
            },
          },
        ],
      },
      trials: 5,
      parallelism: 2,
      sampler: 'tpe',
      seed: 1,
    },
  });
  expect(checkProject(definition).definition).toEqual(definition);
});

test('the order in which its fields are written decides nothing', () => {
  const [one, other] = [
    { network: { learningRate: { log: [1e-4, 0.1] }, batch: { int: [8, 64] } } },
    { network: { batch: { int: [8, 64] }, learningRate: { log: [1e-4, 0.1] } } },
  ].map((of) => {
    const { model } = check(of).definition!;
    const template = 'study' in model ? model.study.of : undefined;
    return suggest({ template, sampler: 'random', seed: 3, number: 1, trials: [] }).design;
  });
  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
});

test.each([
  [{ network: { batch: { int: [64, 8] } } }, 'network.batch.int', 'is empty: its low, 64, is not below its high, 8'],
  [{ network: { batch: { int: [8, 8] } } }, 'network.batch.int', 'is empty: its low, 8, is not below its high, 8'],
  [{ network: { batch: { int: [1.5, 8] } } }, 'network.batch.int', 'must be of whole numbers, is 1.5 to 8'],
  [{ network: { batch: { int: [8] } } }, 'network.batch.int', 'must be [low, high], two numbers, is a list'],
  [
    { network: { learningRate: { float: [0.1, NaN] } } },
    'network.learningRate.float',
    'must be [low, high], two numbers, is a list',
  ],
  [
    { network: { learningRate: { log: [0, 0.1] } } },
    'network.learningRate.log',
    'must begin above 0, as 0 and less have no logarithm; begins at 0',
  ],
  [{ oneOf: [] }, 'oneOf', 'is empty: it must have an option'],
  [{ network: { hidden: { oneOf: 3 } } }, 'network.hidden.oneOf', 'must be a list of options, is 3'],
] as const)('%j is refused', (of, path, problem) => {
  expect(problems(of)).toEqual([`model.study.of.${path}: ${problem}`]);
});

test('an option that is no model is named by its place, though the first one is', () => {
  const of = { oneOf: [{ trees: { depth: { int: [2, 40] } } }, { network: { bach: 3 } }, { forest: {} }] };
  expect(problems(of).sort()).toEqual([
    'model.study.of.oneOf[0].trees.depth: must be at most 12, is 40',
    'model.study.of.oneOf[1].network.bach: there is no such field. Did you mean batch?',
    'model.study.of.oneOf[2]: must have one field of network, trees, linear or trainer; it is an object',
  ]);
});

test('a space of numbers where a field takes whole ones is refused', () => {
  expect(problems({ network: { batch: { float: [8, 64] } } })).toEqual([
    expect.stringMatching(/^model\.study\.of\.network\.batch: must be a whole number, is 29\./),
  ]);
});

test('a design with nothing to choose is refused', () => {
  expect(problems({ network: { batch: 8 } })).toEqual(['model.study.of: has no space: there is nothing to choose']);
});

test.each([
  [{ by: 'hash', columns: ['plan'] }, 'split.validation'],
  [{ by: 'column', column: 'plan', test: ['basic'] }, 'split.validation'],
  [{ by: 'time' }, 'split.validationPeriods'],
  [{}, 'split.validationPeriods'],
] as const)('a split %j, which sets no validation rows aside, is refused', (split, path) => {
  expect(problems(WIDE, { split })).toEqual([
    expect.stringContaining(`${path}: sets no validation rows aside, and model.study compares its trials by them`),
  ]);
});

test('rungs are epochs of networks: with none to choose they are refused', () => {
  const rungs = { first: 1 };
  expect(check(WIDE, { study: { rungs } }).definition!.model).toMatchObject({ study: { rungs: { first: 1, eta: 3 } } });
  expect(problems({ trees: { depth: { int: [2, 6] } } }, { study: { rungs } })).toEqual([
    'model.study.rungs: are epochs of networks, and model.study.of has no network; leave them out',
  ]);
});

test('with folds the split needs no validation rows; rungs, which compare one run of a trial, are refused beside them', () => {
  const split = { by: 'hash', columns: ['plan'] };
  const study = (given: object) => ({ split, study: given });
  expect(check(WIDE, study({ folds: 5 })).definition!.model).toMatchObject({ study: { folds: 5 } });
  expect(problems(WIDE, study({ folds: 5, rungs: { first: 1 } }))).toEqual([
    'model.study.rungs: compare one run of a trial, and folds train it several times; leave one of them out',
  ]);
  const of = { trees: { rounds: { int: [2, 5] } }, calibration: 'temperature' };
  expect(problems(WIDE, study({ folds: 5, of }))).toEqual([
    expect.stringMatching(
      /^split\.validation: sets no validation rows aside, and calibration is fitted on them: write/
    ),
  ]);
  for (const folds of [1, 2.5, 21])
    expect(problems(WIDE, study({ folds }))).toContainEqual(expect.stringMatching(/^model\.study\.folds: must be /));
});

test('its time is of the wall clock', () => {
  const within = { wall: '2 hours' };
  expect(check(WIDE, { study: { within } }).definition!.model).toMatchObject({ study: { within } });
  expect(problems(WIDE, { study: { within: { event: '2 hours' } } })).toEqual([
    expect.stringMatching(/^model\.study\.within: /),
  ]);
});

test('a study has no study in it, and no test part', () => {
  const of = { oneOf: [{ trees: {} }, { study: { of: WIDE, trials: 2 } }] };
  expect(problems(of)).toEqual([expect.stringContaining('model.study.of.oneOf[1]: must have one field of network')]);
  expect(problems(WIDE, { study: { test: 1 } })).toEqual([
    expect.stringContaining('model.study.test: there is no such'),
  ]);
});

import { kindsIn, trainersIn } from '../../../src/domain/study/models';
import { bestOf, isOwnFailure, type Trial } from '../../../src/domain/study/trial';

const judged = (number: number, loss: number): Trial => ({ number, choices: [], loss });
const failed = (number: number, reason: string): Trial => ({
  number,
  choices: [],
  failure: { code: 'MLOPS_TRAINING_DIVERGED', reason },
});

test('the least loss is best, of equal ones the earlier trial, and a failed trial never', () => {
  const trials = [failed(1, 'diverged'), judged(2, 0.5), judged(3, 0.4), judged(4, 0.4)];
  expect(bestOf(trials, 'flights/1/abc').number).toBe(3);
  expect(bestOf(trials.toReversed(), 'flights/1/abc').number).toBe(3);
});

test('a trial that was stopped at a rung is not the best, whatever its loss there', () => {
  const stopped: Trial = { ...judged(1, 0.1), rungs: [{ epochs: 1, loss: 0.1 }], stopped: true };
  expect(bestOf([stopped, judged(2, 0.5)], 'flights/1/abc').number).toBe(2);
});

test('where all fail, the error counts the codes, quotes the last one, and says what to change', () => {
  expect(() => bestOf([failed(1, 'first'), failed(2, 'second')], 'flights/1/abc')).toThrow(
    /MLOPS_STUDY_FAILED: .*second \[study=flights\/1\/abc, trials=2, failures=MLOPS_TRAINING_DIVERGED: 2\] Change the spaces of model\.study\.of/
  );
});

test('a failure is a trial’s own where another choice may avoid it; a crash is one once it isn’t tried again', () => {
  expect(isOwnFailure('MLOPS_TRAINING_DIVERGED', false)).toBe(true);
  expect(isOwnFailure('MLOPS_ONE_CLASS', false)).toBe(false);
  expect(isOwnFailure('MLOPS_COMPUTE_CRASHED', false)).toBe(false);
  expect(isOwnFailure('MLOPS_COMPUTE_CRASHED', true)).toBe(true);
  expect(isOwnFailure(undefined, true)).toBe(false);
});

test('kinds and trainers are found wherever a study may choose them', () => {
  const of = {
    oneOf: [
      { trees: { depth: { int: [2, 6] } } },
      { trainer: { oneOf: [{ registered: 'a' }, { registered: { oneOf: ['b', 'a'] } }] } },
    ],
  };
  const model = { study: { of, trials: 3, parallelism: 1, sampler: 'tpe', seed: 1 } } as const;
  expect(kindsIn(model)).toEqual(['trees', 'trainer']);
  expect(trainersIn(model)).toEqual(['a', 'b']);
  expect(kindsIn({ trainer: { registered: 'c', params: {} } })).toEqual(['trainer']);
});

import { checkProject } from '../../src/project/define-project';
import { CHURN } from './churn';

const WITH_VALIDATION = { by: 'hash', columns: ['plan'], validation: 0.2 };

function problems(change: Readonly<Record<string, unknown>>): readonly string[] {
  return checkProject({ ...CHURN, split: WITH_VALIDATION, ...change }).mistakes.map(
    ({ path, problem }) => `${path}: ${problem}`
  );
}

const TREES = { trees: {}, calibration: 'isotonic' };

test('a model may be calibrated, or not, or say nothing', () => {
  for (const calibration of ['none', 'temperature', 'isotonic'])
    expect(checkProject({ ...CHURN, split: WITH_VALIDATION, model: { trees: {}, calibration } })).toMatchObject({
      definition: { model: { calibration } },
    });
  expect(problems({ model: { linear: {}, calibration: 'platt' } })).toEqual([
    expect.stringMatching(/^model\.calibration: must be none, temperature or isotonic, is "platt"/),
  ]);
});

test.each([
  [{ by: 'hash', columns: ['plan'] }, 'split.validation'],
  [{ by: 'column', column: 'plan', test: ['basic'] }, 'split.validation'],
  [{}, 'split.validationPeriods'],
])('a split %j, which sets no validation rows aside, is refused', (split, path) => {
  expect(problems({ model: TREES, split })).toEqual([
    expect.stringContaining(`${path}: sets no validation rows aside, and model.calibration is fitted on them`),
  ]);
  expect(problems({ model: { trees: {}, calibration: 'none' }, split })).toEqual([]);
});

test('a number has none, and classes no isotonic', () => {
  const label = { ...CHURN.label, labeler: { column: 'visits' } };
  expect(problems({ label, objective: { task: 'number' }, model: TREES })).toContain(
    'model: has calibration, which makes probabilities, and the objective is number, which has none; leave it out'
  );
  const objective = { task: 'classes', classes: ['a', 'b', 'c'] };
  expect(problems({ label, objective, model: TREES })).toContain(
    "model: has isotonic calibration, which is of two outcomes, and the objective is classes; write 'temperature'"
  );
});

test('a study may have one for all trials, and not choose it', () => {
  const of = (calibration: unknown) => ({ trees: { depth: { int: [2, 6] } }, calibration });
  expect(problems({ model: { study: { of: of('isotonic') } } })).toEqual([]);
  expect(problems({ model: { study: { of: of({ oneOf: ['none', 'isotonic'] }) } } })).toEqual([
    expect.stringMatching(/^model\.study\.of: has a space in calibration, and trials are compared by/),
  ]);
});

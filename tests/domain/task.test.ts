import { decisionsOf, labelReader, metricsOf, targetOf } from '../../src/domain/task';

const CLASSES = { classes: ['rain', 'snow', '7'] };

test.each([
  ['binary' as const, [0, 1, 2, '1', null], [0, 1, undefined, undefined, undefined]],
  ['number' as const, [-2.5, 1e39, '3', Number.NaN], [-2.5, undefined, undefined, undefined]],
  [
    CLASSES,
    ['rain', 'snow', '7', 7, 0, 'Rain', '', null, {}],
    [0, 1, 2, 2, undefined, undefined, undefined, undefined, undefined],
  ],
])('labels of %j are read from what the world says', (target, values, labels) => {
  expect(values.map(labelReader(target))).toEqual(labels);
});

test('a decision is the likeliest class, of equal ones the first', () => {
  const task = { kind: 'classes' as const, ...CLASSES };
  const values = Float32Array.of(0.2, 0.5, 0.3, 0.4, 0.2, 0.4, 0.1, 0.1, 0.8);
  expect(decisionsOf(task, { width: 3, values })).toEqual({ decisions: ['snow', 'rain', '7'] });
  expect(decisionsOf({ kind: 'number' }, { width: 1, values })).toEqual({});
});

test('a threshold is not part of what labels are', () => {
  expect(targetOf({ kind: 'binary', decisionThreshold: 0.3 })).toBe('binary');
  expect(targetOf({ kind: 'classes', ...CLASSES })).toEqual(CLASSES);
});

test('each class has metrics of its own, up to fifty classes', () => {
  const of = (count: number) =>
    metricsOf({ task: 'classes', classes: Array.from({ length: count }, (_, i) => `c${i}`) });
  expect(of(50)).toContain('f1:c49');
  expect(of(51)).toEqual([
    'logLoss',
    'accuracy',
    'macroF1',
    'macroPrecision',
    'macroRecall',
    'auc',
    'brier',
    'calibrationError',
  ]);
});

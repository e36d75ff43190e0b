import {
  decisionsOf,
  flagsOf,
  isLabel,
  labelReader,
  metricsOf,
  recordedLabel,
  recordReader,
  targetOf,
  taskOf,
} from '../../src/domain/task';

const CLASSES = { classes: ['rain', 'snow', '7'] };
const LABELS = { labels: ['late', 'far', '7'] };

test.each([
  ['binary' as const, [0, 1, 2, '1', null], [0, 1, undefined, undefined, undefined]],
  ['number' as const, [-2.5, 1e39, '3', Number.NaN], [-2.5, undefined, undefined, undefined]],
  [
    CLASSES,
    ['rain', 'snow', '7', 7, 0, 'Rain', '', null, {}],
    [0, 1, 2, 2, undefined, undefined, undefined, undefined, undefined],
  ],
  [
    LABELS,
    [[], ['late'], ['7', 'late'], [7, 7], ['Late'], [['late']], [''], 'late', '', 1, null, {}],
    [0, 1, 5, 4, ...new Array<undefined>(8).fill(undefined)],
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

test('labels are in records as the text of their names, and back', () => {
  for (const label of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const text = recordedLabel(LABELS, label);
    expect(recordReader(LABELS)(text)).toBe(label);
    expect(flagsOf(LABELS.labels, String(text))).toEqual([0, 1, 2].map((place) => (label >> place) & 1));
  }
  expect(recordedLabel(LABELS, 5)).toBe('late;7');
  expect(['late;far', 'far;late', 'far;', 'on time', ['late'], 3].map(recordReader(LABELS))).toEqual([
    3,
    3,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([recordedLabel(CLASSES, 1), recordedLabel('binary', 1)]).toEqual(['snow', 1]);
  expect([recordReader(CLASSES)('snow'), recordReader('number')(2.5)]).toEqual([1, 2.5]);
});

test('a label of labels is a whole number below 2 to the power of how many there are', () => {
  const many = { labels: Array.from({ length: 24 }, (_, place) => `l${place}`) };
  const values = [0, 7, 2 ** 24 - 1, 2 ** 24, -1, 0.5, Number.NaN];
  expect(values.map((label) => isLabel(many, Math.fround(label)))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(isLabel(LABELS, 8)).toBe(false);
});

test('labels are decided from the threshold on, any number of them', () => {
  const objective = { task: 'labels' as const, ...LABELS, decisionThreshold: 0.5 };
  const values = Float32Array.of(0.5, 0.49, 0.9, 0.1, 0.2, 0.3);
  expect(decisionsOf(taskOf(objective), { width: 3, values })).toEqual({ decisions: ['late;7', ''] });
  expect(decisionsOf(taskOf({ ...objective, decisionThreshold: 0.2 }), { width: 3, values })).toEqual({
    decisions: ['late;far;7', 'far;7'],
  });
  expect(targetOf(taskOf(objective))).toEqual(LABELS);
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

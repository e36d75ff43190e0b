/** Stored records as windows take them: what a score and a truth are is the task's. */
import { checkedRow } from '../../../src/activities/monitoring/window-row';
import type { PredictionRecord } from '../../../src/domain/endpoint';
import type { Target } from '../../../src/domain/task';

const at = new Date('2001-02-01T00:00:00Z');

function checked(task: Target, score: PredictionRecord['score'], truth?: unknown) {
  const record = {
    _id: 'a',
    v: 1,
    version: 1,
    route: 'champion',
    revision: 1,
    inputs: {},
    replica: 'r',
    receivedAt: at,
  } as const;
  const known = truth === undefined ? {} : { truth: { value: truth } };
  return checkedRow({ ...record, score, eventTime: at, ...known } as never, {}, task);
}

const CLASSES = { classes: ['rain', 'sun'] };
const LABELS = { labels: ['late', 'far'] };

test('a truth by name is its place', () => {
  expect(checked(CLASSES, [0.3, 0.7], 'sun')).toEqual({
    row: { inputs: {}, score: [0.3, 0.7], at: at.getTime(), truth: 1 },
  });
  expect(checked(LABELS, [0.3, 0.7], 'late;far').row).toMatchObject({ truth: 3 });
  expect(checked(LABELS, [0.3, 0.7], '').row).toMatchObject({ truth: 0 });
  expect(checked('binary', 0.3, 1)).toEqual({ row: { inputs: {}, score: 0.3, at: at.getTime(), truth: 1 } });
});

test('where the truth alone is wrong, the rest is used', () => {
  const { row, why } = checked(CLASSES, [0.3, 0.7], 'fog');
  expect(row).toEqual({ inputs: {}, score: [0.3, 0.7], at: at.getTime() });
  expect(why).toBe('its truth is not one of the classes rain, sun');
  expect(checked(LABELS, [0.3, 0.7], 'late;fog')).toMatchObject({
    row: { score: [0.3, 0.7] },
    why: 'its truth is not a list of any of the labels late, far',
  });
});

test.each([
  [CLASSES, 0.7],
  [CLASSES, [0.1, 0.2, 0.7]],
  [CLASSES, [0.3, 1.7]],
  [LABELS, [0.3]],
  [LABELS, [0.3, -0.1]],
  ['binary' as const, [0.3, 0.7]],
  ['number' as const, Number.NaN],
])('of %j the score %j is set aside', (task, score) => {
  expect(checked(task, score)).toMatchObject({ why: expect.stringMatching(/^its score is not/) as unknown });
  expect(checked(task, score).row).toBeUndefined();
});

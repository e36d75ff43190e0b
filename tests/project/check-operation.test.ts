/** What runs afterwards: definitions that would never judge anything are refused. */
import { checkProject } from '../../src/project/define-project';
import { CHURN } from './churn';

const { eventTime: _, ...rest } = CHURN.source;
const timeless = { ...rest, key: ['plan', 'visits'] };
const none = { withoutEventTime: 'none' };

test('without an event time in the source, requests without one can’t be in no window: none would be in any', () => {
  const { mistakes } = checkProject({ ...CHURN, source: timeless, monitoring: none });
  expect(mistakes.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
    'monitoring.withoutEventTime: is none, but the source has no event time: no request would be in a window',
  ]);
});

test.each([
  ['a source with one', { ...CHURN, monitoring: none }],
  ['requests at the time of receipt', { ...CHURN, source: timeless, monitoring: { withoutEventTime: 'now' } }],
])('%s is accepted', (__, project) => {
  expect(checkProject(project).mistakes).toEqual([]);
});

test('a joined source has the event time of its rows', () => {
  const { definition, mistakes } = checkProject({
    ...CHURN,
    sources: { customers: CHURN.source },
    views: { spent: { from: 'customers', entity: ['plan'], values: { spent: 'sum(spend)' } } },
    source: {
      columns: { ...CHURN.source.columns, spent: 'number' },
      reader: { join: { rows: 'customers', views: ['spent'] } },
    },
    monitoring: none,
  });
  expect(mistakes).toEqual([]);
  expect(definition?.monitoring.withoutEventTime).toBe('none');
});

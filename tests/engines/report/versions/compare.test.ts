/** Two versions side by side: only what differs, metrics with the paired difference, and whether they may be compared. */
import { compareVersions } from '../../../../src/engines/report/versions/compare';
import { comparePage, comparisonCharts } from '../../../../src/engines/report/versions/compare-page';
import { versionRecords } from '../../../support/version-records';

const [one, two] = [versionRecords(1), versionRecords(2)];
const comparison = compareVersions(one, two);

test('what differs, and nothing else', () => {
  expect(comparison.parameters).toEqual([{ what: 'learningRate', a: '0.001', b: '0.01' }]);
  expect(comparison.features).toEqual([
    { what: 'dense width', a: '4', b: '5' },
    { what: 'standardize delay', b: 'yes' },
  ]);
  expect(comparison.data).toContainEqual({ what: 'rows', a: '990', b: '1200' });
  expect(comparison.data.map(({ what }) => what)).toEqual(['snapshot', 'rows']);
  expect(comparison.code).toEqual([{ what: 'train', a: one.run.step!.version, b: two.run.step!.version }]);
});

test('metrics with their difference, and the paired one where b was evaluated beside a', () => {
  const auc = comparison.metrics.find(({ metric }) => metric === 'auc')!;
  const [a, b] = [one, two].map(({ evaluation }) => evaluation!.body.evaluation);
  expect(auc).toEqual({
    metric: 'auc',
    a: a!.candidate['auc'],
    b: b!.candidate['auc'],
    difference: b!.candidate['auc']!.estimate - a!.candidate['auc']!.estimate,
    paired: b!.againstChampion!['auc'],
  });
  // The other way round nothing is paired: a was evaluated beside nobody.
  expect(compareVersions(two, one).metrics.some(({ paired }) => paired !== undefined)).toBe(false);
});

test('slices by name', () => {
  expect(comparison.slices).toHaveLength(14);
  expect(comparison.slices[0]).toMatchObject({ slice: '2024-02-01', rows: { a: 200, b: 200 } });
});

test('whether both were evaluated on the same rows', () => {
  expect(comparison.sameTestRows).toBe(true);
  const { evaluation } = two;
  const elsewhere = {
    ...two,
    evaluation: { ...evaluation!, body: { ...evaluation!.body, test: { from: '2024-03-01T00:00:00.000Z' } } },
  };
  expect(compareVersions(one, elsewhere).sameTestRows).toBe(false);
  expect(comparePage(compareVersions(one, elsewhere), new Map())).toContain('They were evaluated on different rows');
});

test('a version with itself differs in nothing', () => {
  const { parameters, data, features, code } = compareVersions(one, one);
  expect({ parameters, data, features, code }).toEqual({ parameters: [], data: [], features: [], code: [] });
});

test('one that was never evaluated', () => {
  const { evaluation: _, ...bare } = one;
  const { metrics, curves, sameTestRows } = compareVersions(bare, two);
  expect(sameTestRows).toBe(false);
  expect(curves).not.toHaveProperty('a');
  expect(metrics.every(({ a, b }) => a === undefined && b !== undefined)).toBe(true);
});

test('its page has both curves by the versions’ names', () => {
  const charts = comparisonCharts(comparison);
  expect(charts.map(({ id }) => id)).toEqual(['roc', 'precision-recall', 'calibration', 'learning']);
  for (const { spec } of charts) {
    const { values } = spec['data'] as { values: readonly { model: string }[] };
    expect([...new Set(values.map(({ model }) => model))]).toEqual(['flights@2', 'flights@1']);
  }
  const page = comparePage(comparison, new Map(charts.map(({ id }) => [id, `<svg>${id}</svg>`])));
  expect(page).toContain('<svg>roc</svg>');
  expect(page).toContain('learningRate');
});

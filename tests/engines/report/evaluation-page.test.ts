/** An evaluation's page: all that people decide by, in figures and in charts whose specs stand in it; hostile texts do nothing. */
import type { BinaryCurves } from '../../../src/domain/curves';
import type { Spec } from '../../../src/engines/report/charts/chart';
import { chartsOf, evaluationPage, type PagedEvaluation } from '../../../src/engines/report/evaluation-page';
import {
  binaryEvaluation,
  classesEvaluation,
  labelsEvaluation,
  numberEvaluation,
  pagedEvaluation,
} from '../../support/evaluated';

const WEATHER = ['drizzle', 'fog', 'rain', 'snow', 'sun'];
const binary = pagedEvaluation(binaryEvaluation());
const number = pagedEvaluation(numberEvaluation(false));
const classes = pagedEvaluation(classesEvaluation(WEATHER));
const labels = pagedEvaluation(labelsEvaluation(['late', 'far', 'full']));

/** Pictures are drawn in a process of their own: here a word stands for each. */
function pageOf(paged: PagedEvaluation): string {
  const { chartsOfScores, chartsOfTraining } = chartsOf(paged);
  return evaluationPage(
    paged,
    new Map([...chartsOfScores, ...chartsOfTraining].map(({ id }) => [id, `<svg>${id}</svg>`]))
  );
}

const read = (html: string) =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const chartIds = (paged: PagedEvaluation) => {
  const { chartsOfScores, chartsOfTraining } = chartsOf(paged);
  return [...chartsOfScores, ...chartsOfTraining].map(({ id }) => id);
};

test.each([
  ['two outcomes', binary, ['roc', 'precision-recall', 'calibration', 'scores', 'slices', 'learning']],
  ['a number', number, ['predicted-actual', 'residuals', 'calibration', 'slices', 'learning']],
  ['classes', classes, ['confusion', 'calibration', 'slices', 'learning']],
  ['labels', labels, ['labels', 'calibration', 'slices', 'learning']],
])('charts of %s', (_, paged, ids) => {
  expect(chartIds(paged)).toEqual(ids);
  for (const id of ids) expect(pageOf(paged)).toContain(`<svg>${id}</svg>`);
});

test('more classes than a square shows are tables alone', () => {
  const many = pagedEvaluation(classesEvaluation(Array.from({ length: 30 }, (_, i) => `language ${i}`)));
  expect(chartIds(many)).not.toContain('confusion');
  expect(read(pageOf(many))).toContain('Taken for another class most often');
});

test('more labels than are read one below the other are in the table alone', () => {
  const many = pagedEvaluation(labelsEvaluation(Array.from({ length: 24 }, (_, i) => `label ${i}`)));
  expect(chartIds(many)).toEqual(['calibration', 'slices', 'learning']);
  expect(read(pageOf(many))).toMatch(/label 23 \d/);
});

test('of labels each one is in a table, and metrics of all of them beside the champion’s', () => {
  const words = read(pageOf(labels));
  const { candidate, classes: rates, curves } = labels.body.evaluation;
  if (curves.candidate.task !== 'labels') throw new Error('curves are of labels');
  const [late] = curves.candidate.confusion;
  const rows = Math.round(rates![0]!.meanTruth * 2_800);
  expect(words).toContain('Each label: from 0.5 on one is decided to hold');
  expect(words).toMatch(
    new RegExp(
      `late ${rows.toLocaleString('en-US')} [0-9.]+ % [0-9.]+ % ${late!.falsePositives} ${late!.falseNegatives} `
    )
  );
  expect(words).toContain(`microF1 ${Number(candidate['microF1']!.estimate.toPrecision(4))} (`);
  const chart = chartsOf(labels).chartsOfScores[0]!.spec['data'] as {
    values: { label: string; model: string; f1: number }[];
  };
  expect(chart.values).toHaveLength(6);
  expect(chart.values[0]).toEqual({
    ...{ label: 'late', model: 'candidate' },
    f1: Number(candidate['f1:late']!.estimate.toFixed(4)),
  });
});

test('what people decide by', () => {
  const words = read(pageOf(binary));
  const { evaluation, gates } = binary.body;
  expect(words).toContain('Evaluation of flights@2');
  expect(words).toContain('2,800 rows ( 2024-02-01 to 2024-02-15 ), as known by 2024-02-20');
  for (const { gate, outcome } of gates)
    expect(words).toContain(`${gate} ${gate === 'small errors' ? 'advisory' : 'blocking'} ${outcome}`);
  expect(words).toContain('champion candidate − champion baseline candidate − baseline');
  expect(words).toContain(`auc ${Number(evaluation.candidate['auc']!.estimate.toPrecision(4))} (`);
  expect(words).toMatch(/2024-02-01 200 /);
  expect(words).toContain('network@1 on 10,000 rows (before 2024-02-01); 12 more have no label');
  expect(words).toContain('network.hidden 64, 32');
  const { truePositives, falsePositives } = (evaluation.curves.candidate as BinaryCurves).confusion;
  expect(words).toContain(`candidate ${truePositives} ${falsePositives}`);
});

test('a failed gate, contaminated rows and a missing champion stand first', () => {
  const words = read(pageOf({ ...number, body: { ...number.body, contaminated: true } }));
  expect(words).toContain('Blocking gates failed: better than guessing .');
  expect(words).toContain('Contaminated: a model was trained on some of these rows, so the numbers prove nothing.');
  expect(words).toContain('There is no champion to compare with.');
});

test('the same page of the same records', () => {
  expect(pageOf(pagedEvaluation(binaryEvaluation()))).toBe(pageOf(binary));
});

test('its specs stand in the page, whole, as Vega-Lite reads them', () => {
  const unescaped = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
  const specs = [...pageOf(binary).matchAll(/<pre class="vega-lite">(.*?)<\/pre>/gs)].map(
    ([, json = '']) => JSON.parse(unescaped(json)) as Spec
  );
  expect(specs).toHaveLength(6);
  for (const spec of specs) {
    expect(spec['$schema']).toBe('https://vega.github.io/schema/vega-lite/v6.json');
    // Colours of our pages are not in them: elsewhere they mean nothing.
    expect(JSON.stringify(spec)).not.toContain('var(--');
  }
});

test('the last point of the ROC curve is all rows', () => {
  const [roc] = chartsOf(binary).chartsOfScores;
  const { values } = roc!.spec['data'] as {
    values: { model: string; falsePositiveRate: number; truePositiveRate: number }[];
  };
  for (const model of ['candidate', 'champion']) {
    const points = values.filter((point) => point.model === model);
    expect(points[0]).toMatchObject({ falsePositiveRate: 0, truePositiveRate: 0 });
    expect(points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
  }
});

const HOSTILE = '"><script>alert(1)</script></pre><img src=x onerror=alert(1)>${1}\u202E';

test.each([
  ['classes', classesEvaluation],
  ['labels', labelsEvaluation],
])('hostile texts of %s are texts, and no expression', (_, evaluationOf) => {
  const names = [HOSTILE, `'] + load('x') + ['`, 'c'];
  const body = evaluationOf(names);
  const paged = pagedEvaluation(
    { ...body, slices: body.slices.map((slice) => ({ ...slice, name: HOSTILE })) },
    { version: HOSTILE, id: HOSTILE, run: { ...binary.run, trainer: HOSTILE, parameters: { [HOSTILE]: HOSTILE } } }
  );
  const html = pageOf(paged);
  expect(html).not.toMatch(/<script|<img|<\/pre>&lt;/i);
  expect(html).not.toContain('\u202E');
  // A sort by a list of names or a calculation would put them into an expression.
  const specs = JSON.stringify(
    [...chartsOf(paged).chartsOfScores, ...chartsOf(paged).chartsOfTraining].map(({ spec }) => spec)
  );
  expect(specs).not.toMatch(/"(transform|calculate|expr|signal|href|url)":|"sort":\[/);
});

import { judgeGates } from '../../../src/domain/gates';
import { dayBlocks } from '../../../src/engines/stats/blocks';
import { evaluateScores } from '../../../src/engines/stats/evaluate';
import { metricOf } from '../../support/metric-of';
import { referenceRows } from './reference-rows';
import { oneNumber } from '../../support/one-number';

const { scores, labels } = referenceRows();
/** Eight days of 125 rows. */
const eventTime = BigInt64Array.from({ length: 1000 }, (_, row) => BigInt(Math.floor(row / 125)) * 86_400_000_000n);
const objective = { task: 'binary' as const, decisionThreshold: 0.5 };
const input = {
  candidate: oneNumber(scores),
  labels,
  blocks: dayBlocks(eventTime),
  baseline: { means: [0.3], deviations: [0.46] },
  objective,
};
const worse = oneNumber(scores.map((score, row) => (row % 3 === 0 ? 1 - score : score)));

test('an evaluation has every metric with its interval, beside the baseline', () => {
  const evaluation = evaluateScores(input);
  expect(evaluation).toMatchObject({ task: 'binary', rows: 1000, meanTruth: 0.332 });
  expect(Object.keys(evaluation.candidate)).toEqual([
    'auc',
    'averagePrecision',
    'logLoss',
    'brier',
    'calibrationError',
    'accuracy',
    'precision',
    'recall',
    'f1',
  ]);
  expect(evaluation.candidate['auc']?.estimate).toBe(metricOf('auc', scores, labels));
  expect(evaluation.candidate['logLoss']?.estimate).toBeCloseTo(metricOf('logLoss', scores, labels), 12);
  expect(evaluation.candidate['logLoss']).toMatchObject({ blocks: 8, method: 't on day blocks' });
  expect(evaluation.baseline['auc']).toBe(0.5);
  expect(evaluation.baseline['logLoss']).toBeCloseTo(-0.332 * Math.log(0.3) - 0.668 * Math.log(0.7), 6);
  expect(evaluation.champion).toBeUndefined();
  expect(evaluation.againstChampion).toBeUndefined();
});

test('what is undefined is absent: a baseline below the threshold has no precision', () => {
  const { baseline, againstBaseline } = evaluateScores(input);
  expect(baseline).not.toHaveProperty('precision');
  expect(againstBaseline).not.toHaveProperty('precision');
  expect(baseline['recall']).toBe(0);
});

test('differences to the champion are paired: far narrower than either interval', () => {
  const nearly = scores.map((score) => score * 0.99);
  const { candidate, againstChampion } = evaluateScores({ ...input, champion: oneNumber(nearly) });
  const width = ({ low, high }: { readonly low: number; readonly high: number }) => high - low;
  expect(width(againstChampion!['logLoss']!)).toBeLessThan(width(candidate['logLoss']!) / 10);
  expect(againstChampion!['auc']?.estimate).toBe(0);
});

test('a champion that is clearly worse is told apart', () => {
  const { againstChampion } = evaluateScores({ ...input, champion: worse });
  expect(againstChampion!['logLoss']!.high).toBeLessThan(0);
  expect(againstChampion!['auc']!.low).toBeGreaterThan(0);
});

test('a slice for each day', () => {
  const { slices } = evaluateScores({ ...input, champion: worse });
  expect(slices.map(({ name }) => name).slice(0, 2)).toEqual(['1970-01-01', '1970-01-02']);
  expect(slices.reduce((rows, slice) => rows + slice.rows, 0)).toBe(1000);
  const mean = slices.reduce((sum, { rows, loss }) => sum + rows * loss, 0) / 1000;
  expect(mean).toBeCloseTo(metricOf('logLoss', scores, labels), 10);
});

test('the same input gives the same JSON', () => {
  const once = JSON.stringify(evaluateScores({ ...input, champion: worse }));
  expect(JSON.stringify(evaluateScores({ ...input, champion: worse }))).toBe(once);
  expect(once).not.toContain('null');
});

test("the objective's utility is a metric where it is declared", () => {
  const utility = { truePositive: 1, falsePositive: -1, falseNegative: 0, trueNegative: 0, unit: '€' };
  const { candidate } = evaluateScores({ ...input, objective: { ...objective, utility } });
  // precision 296/487, hence 296 true and 191 false positives
  expect(candidate['utility']?.estimate).toBeCloseTo((296 - 191) / 1000, 12);
});

test('a gate on the paired difference passes and fails with it', () => {
  const gate = {
    name: 'better',
    metric: 'logLoss',
    against: 'champion',
    bound: 'estimate',
    atMost: 0,
    severity: 'blocking',
  } as const;
  const better = judgeGates([gate], evaluateScores({ ...input, champion: worse }));
  const not = judgeGates([gate], evaluateScores({ ...input, candidate: worse, champion: oneNumber(scores) }));
  expect([better[0]?.outcome, not[0]?.outcome]).toEqual(['passed', 'failed']);
});

describe('by the values of a column', () => {
  const codes = Int32Array.from(labels, (_, row) => (row % 10 === 0 ? -1 : row % 3 === 0 ? 0 : 1));
  const column = { name: 'kind', codes, nameOf: (code: number) => ['few', 'many'][code] ?? 'missing' };
  const asked = { columns: [column], minRows: 200, gates: [{ metric: 'brier', slice: { column: 'kind' } }] };
  const evaluation = evaluateScores({ ...input, champion: worse, slices: asked });

  test('headline metrics and those of gates, where enough rows have the value', () => {
    expect(evaluation.columnSlices!.map(({ value, rows }) => [value, rows])).toEqual([
      ['many', 600],
      ['few', 300],
      ['missing', 100],
    ]);
    const [many, , missing] = evaluation.columnSlices!;
    expect(Object.keys(missing!)).toEqual(['column', 'value', 'rows']);
    expect(Object.keys(many!.candidate!)).toEqual(['auc', 'logLoss', 'brier']);
    const own = (values: Float32Array) => values.filter((_, row) => codes[row] === 1);
    expect(many!.candidate!['auc']!.estimate).toBeCloseTo(metricOf('auc', own(scores), own(labels)), 12);
    expect(many!.candidate!['auc']!.blocks).toBe(8);
    const difference = metricOf('brier', own(scores), own(labels)) - metricOf('brier', own(worse.values), own(labels));
    expect(many!.againstChampion!['brier']!.estimate).toBeCloseTo(difference, 12);
    expect(many!.againstBaseline!['logLoss']).toBeDefined();
  });

  test('and both models by the tests that take rows for independent', () => {
    expect(evaluation.rowTests!.deLong!.difference).toBeCloseTo(evaluation.againstChampion!['auc']!.estimate, 12);
    expect(evaluation.rowTests!.mcNemar!.pValue).toBeLessThan(1e-9);
    expect(evaluateScores(input).rowTests).toBeUndefined();
  });
});

describe('is refused', () => {
  test.each([
    ['a label that is missing', { labels: labels.map((label, row) => (row === 7 ? Number.NaN : label)) }, 'row=7'],
    [
      'a label that is neither, by its name',
      { labels: labels.map(() => 2), rowName: () => ({ file: 'a', row: 9 }) },
      'file=a, row=9',
    ],
    ['a label that is neither 0 nor 1', { labels: labels.map((label) => label * 2) }, 'MLOPS_LABEL_INVALID'],
    [
      'a score that is no number',
      { candidate: oneNumber(scores.map((s, row) => (row === 3 ? Number.NaN : s))) },
      'row=3',
    ],
    ['another number of scores', { champion: oneNumber(scores.subarray(1)) }, 'whose=champion'],
    [
      'no row',
      { candidate: oneNumber(new Float32Array()), labels: new Float32Array(), eventTime: new BigInt64Array() },
      'no row',
    ],
  ])('%s', (_, change, said) => {
    expect(() => evaluateScores({ ...input, ...change })).toThrow(said);
  });
});

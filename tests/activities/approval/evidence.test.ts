/** What an approver reads of an evaluation. */
import { evidenceOf } from '../../../src/activities/approval/evidence';
import type { EvaluationBody, Slice } from '../../../src/domain/evaluation';
import type { SnapshotBody, VersionBody } from '../../../src/domain/records';

const interval = (estimate: number) => ({
  estimate,
  low: 0,
  high: 1,
  blocks: 7,
  confidence: 0.95,
  method: 't on day blocks',
});
const day = (name: string, loss: number, championLoss?: number): Slice => ({
  name,
  rows: 100,
  meanTruth: 0.2,
  meanPrediction: 0.25,
  loss,
  ...(championLoss === undefined ? {} : { championLoss }),
});
const DAYS = [
  day('2001-01-25', 0.4, 0.5),
  day('2001-01-26', 0.6, 0.5),
  day('2001-01-27', 0.5, 0.4),
  day('2001-01-28', 0.9, 0.9),
];

const version = {
  trainRows: 1000,
  unlabelledRows: 0,
  tolerance: [],
  split: { by: 'time', train: { to: '2001-01-25' } },
  origin: { kind: 'run' },
} as unknown as VersionBody;

function evaluation(slices: readonly Slice[]): EvaluationBody {
  const numbers = {
    task: 'binary',
    rows: 400,
    unlabelled: 0,
    meanTruth: 0.2,
    meanPrediction: 0.25,
    candidate: { calibrationError: interval(0.02) },
    slices,
    blocksOf: 'day',
  };
  return {
    evaluation: numbers,
    gates: [],
    test: { from: '2001-01-25', to: '2001-02-01' },
  } as unknown as EvaluationBody;
}

interface Put {
  readonly source?: string;
  readonly validation?: SnapshotBody['validation'];
}

/** @param reasons of each batch: rows that it put aside, by the rule that each breaks */
function snapshot(reasons: readonly Readonly<Record<string, number>>[], put: Put = {}): SnapshotBody {
  const batches = reasons.map((of) => ({
    quarantined: Object.values(of).reduce((sum, rows) => sum + rows, 0),
    reasons: Object.entries(of).map(([rule, rows]) => ({ rule, rows })),
  }));
  return {
    source: 'flights',
    rows: 990,
    account: { quarantined: batches.reduce((sum, { quarantined }) => sum + quarantined, 0) },
    batches,
    validation: [],
    ...put,
  } as unknown as SnapshotBody;
}

const CLEAN = snapshot([{}]);

test('it names the days on which the candidate loses most to the champion, the worst first', () => {
  const lines = evidenceOf(version, evaluation(DAYS), CLEAN);
  expect(lines.filter((line) => line.includes('worst'))).toEqual([
    'worst day of 4, 2001-01-26: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.6000; champion 0.5000',
    'next worst of 4, 2001-01-27: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.5000; champion 0.4000',
    'next worst of 4, 2001-01-28: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.9000; champion 0.9000',
  ]);
});

test('without a champion, the days of the greatest loss', () => {
  const lines = evidenceOf(version, evaluation([day('2001-01-25', 0.4), day('2001-01-26', 0.6)]), CLEAN);
  expect(lines.find((line) => line.startsWith('worst day'))).toMatch(
    /^worst day of 2, 2001-01-26: .*log loss 0\.6000$/
  );
});

test('it names declared slices, the worst first, and those that were found', () => {
  const slice = (value: string, estimate: number) => ({
    ...{ column: 'carrier', value, rows: 1200 },
    candidate: { logLoss: interval(estimate) },
  });
  const body = evaluation(DAYS);
  const small = { column: 'carrier', value: 'HA', rows: 3 };
  const found = { column: 'km', value: '12 to 30', rows: 70, loss: 0.7, others: 0.4, pValue: 0.00001 };
  const numbers = {
    ...body.evaluation,
    columnSlices: [slice('AA', 0.3), slice('UA', 0.5), small],
    worstSlices: [found],
  };
  const lines = evidenceOf(version, { ...body, evaluation: numbers }, CLEAN);
  expect(lines.filter((line) => line.includes('`'))).toEqual(
    expect.arrayContaining([
      'worst of 2 declared slices, `carrier` `UA`: 1,200 rows, logLoss 0.5000 (0.0000 to 1.0000)',
      'next worst, `carrier` `AA`: 1,200 rows, logLoss 0.3000 (0.0000 to 1.0000)',
      'log loss is higher where `km` is `12 to 30`: 0.7000 of 70 rows, 0.4000 of the others; p < 0.0001, corrected for all slices looked at',
    ])
  );
});

test('it says how probabilities and rates agree', () => {
  const lines = evidenceOf(version, evaluation(DAYS), CLEAN);
  expect(lines).toContainEqual(expect.stringMatching(/^calibration error 0\.0200 /));
  expect(lines).toContain('mean probability 0.2500, rate 0.2000');
});

test('it counts quarantined rows of all batches, and says which rules put them there', () => {
  const rules = [
    {
      rule: 'delay',
      severity: 'block',
      verdict: 'failed',
      checked: 9,
      broken: 3,
      examples: ['flights.csv:17', 'flights.csv:40'],
    },
    { rule: 'distance', severity: 'warn', verdict: 'failed', checked: 9, broken: 8, examples: [] },
    { rule: 'origin', severity: 'block', verdict: 'passed', checked: 9, broken: 0, examples: [] },
  ] as const;
  const own = snapshot([{ delay: 5, 'no date': 2 }, { delay: 3 }], { validation: rules });
  const lines = evidenceOf(version, evaluation(DAYS), own);
  expect(lines.filter((line) => line.includes('quarantined'))).toEqual([
    'quarantined: 10 of 1,000 rows, 3 of them in the newest batch',
    'quarantined by delay: 8 rows, such as flights.csv:17, flights.csv:40',
    'quarantined by no date: 2 rows',
  ]);
  expect(evidenceOf(version, evaluation(DAYS), CLEAN)).toContain('no row was quarantined');
});

test('rows that were quarantined from a source of a prepared or joined table are counted, and why', () => {
  const joined = snapshot([{}], { source: 'windy-flights' });
  const weather = snapshot([{ 'wind is no number': 10 }], { source: 'weather' });
  const lines = evidenceOf(version, evaluation(DAYS), joined, [CLEAN, weather]);
  expect(lines.filter((line) => line.includes('quarantined'))).toEqual([
    'quarantined from weather: 10 of 1,000 rows, 10 of them in the newest batch',
    'quarantined from weather by wind is no number: 10 rows',
  ]);
  const clean = evidenceOf(version, evaluation(DAYS), joined, [CLEAN]);
  expect(clean.filter((line) => line.includes('quarantined'))).toEqual(['no row was quarantined']);
});

test('it names the operators whose result depends on the batch, where there are any', () => {
  const line = 'scores may differ within rounding by the batch they are computed in: Exp, Softplus';
  const soft = { ...version, tolerance: ['Exp', 'Softplus'] };
  expect(evidenceOf(soft, evaluation(DAYS), CLEAN)).toContain(line);
  expect(evidenceOf(version, evaluation(DAYS), CLEAN).join()).not.toContain('scores may differ');
});

test('of an imported model it says that nobody knows which rows it was trained on', () => {
  const origin = { kind: 'import', file: 'model.onnx', digest: `sha256:${'1'.repeat(64)}`, by: 'ana' } as const;
  const [, made] = evidenceOf({ ...version, origin }, evaluation(DAYS), CLEAN);
  expect(made).toMatch(
    /^\*\*imported\*\* by ana from `model.onnx`, sha256:1+: nothing here shows which rows it was trained on/
  );
});

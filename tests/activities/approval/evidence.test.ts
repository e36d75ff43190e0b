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
const day = (name: string, logLoss: number, championLogLoss?: number): Slice => ({
  name,
  rows: 100,
  rate: 0.2,
  meanScore: 0.25,
  logLoss,
  ...(championLogLoss === undefined ? {} : { championLogLoss }),
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
} as unknown as VersionBody;

function evaluation(slices: readonly Slice[]): EvaluationBody {
  const numbers = {
    rows: 400,
    unlabelled: 0,
    positives: 80,
    meanScore: 0.25,
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

function snapshot(quarantined: readonly number[], validation: SnapshotBody['validation'] = []): SnapshotBody {
  return {
    rows: 990,
    account: { quarantined: quarantined.reduce((sum, rows) => sum + rows, 0) },
    batches: quarantined.map((rows) => ({ quarantined: rows })),
    validation,
  } as unknown as SnapshotBody;
}

test('it names the days on which the candidate loses most to the champion, the worst first', () => {
  const lines = evidenceOf(version, evaluation(DAYS), snapshot([0]));
  expect(lines.filter((line) => line.includes('worst'))).toEqual([
    'worst day of 4, 2001-01-26: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.6000; champion 0.5000',
    'next worst of 4, 2001-01-27: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.5000; champion 0.4000',
    'next worst of 4, 2001-01-28: 100 rows, rate 0.2000, mean probability 0.2500, log loss 0.9000; champion 0.9000',
  ]);
});

test('without a champion, the days of the greatest loss', () => {
  const lines = evidenceOf(version, evaluation([day('2001-01-25', 0.4), day('2001-01-26', 0.6)]), snapshot([0]));
  expect(lines.find((line) => line.startsWith('worst day'))).toMatch(
    /^worst day of 2, 2001-01-26: .*log loss 0\.6000$/
  );
});

test('it says how probabilities and rates agree', () => {
  const lines = evidenceOf(version, evaluation(DAYS), snapshot([0]));
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
  const lines = evidenceOf(version, evaluation(DAYS), snapshot([7, 3], rules));
  expect(lines.filter((line) => line.includes('quarantined'))).toEqual([
    'quarantined: 10 of 1,000 rows, 3 of them in the newest batch',
    'quarantined by delay: 3 rows, such as flights.csv:17, flights.csv:40',
  ]);
  expect(evidenceOf(version, evaluation(DAYS), snapshot([0]))).toContain('no row was quarantined');
});

test('it names the operators whose result depends on the batch, where there are any', () => {
  const line = 'scores may differ within rounding by the batch they are computed in: Exp, Softplus';
  const soft = { ...version, tolerance: ['Exp', 'Softplus'] };
  expect(evidenceOf(soft, evaluation(DAYS), snapshot([0]))).toContain(line);
  expect(evidenceOf(version, evaluation(DAYS), snapshot([0])).join()).not.toContain('scores may differ');
});

/** McNemar's and DeLong's tests beside published values. */
import { holmAdjusted } from '../../../src/domain/holm';
import { deLongTest, mcNemarTest, rowTestsOf } from '../../../src/engines/stats/row-tests';
import { oneNumber } from '../../support/one-number';
import { referenceRows } from './reference-rows';

/** 113 patients (Turck et al. 2010, Intensive Care Medicine 36): a poor outcome, the WFNS grade, S100β in 0.01 µg/l. */
const digits = (text: string) => Float32Array.from(text, Number);
const POOR = digits(
  '00001101001011001011101000000000100110110000000001100010001010011101101111000110100000010000000000001111110001000'
);
const WFNS = digits(
  '11113254125255125225211112121134214541425511241125521251222151125214524414121421232421451154221113125225552445111'
);
const S100B = Float32Array.from(
  [
    '13 14 10 4 13 10 47 16 18 10 12 10 44 71 4 8 49 4 7 33 9 9 7 11 7 17 7 11 13 19 5 16 41 14 34 35 48 9 96 25 50',
    '46 16 7 43 45 11 8 9 86 52 8 6 13 207 10 14 15 7 6 77 5 9 30 3 9 4 23 70 9 27 71 8 26 8 16 9 13 10 8 11 33 11',
    '28 7 10 32 22 7 5 24 38 10 15 8 14 10 7 4 19 56 14 58 32 82 74 15 47 17 44 15 50 48',
  ]
    .join(' ')
    .split(' '),
  Number
);

test("DeLong's test gives what pROC's own tests hold (roc.test of these rows, paired)", () => {
  const { difference, error, pValue } = deLongTest(WFNS, S100B, POOR)!;
  expect(difference / error).toBeCloseTo(2.20898359144091, 12);
  expect(pValue).toBeCloseTo(0.0271757822291882, 12);
  // Its interval: difference ± 1.96 errors.
  expect(difference - 1.959963984540054 * error).toBeCloseTo(0.0104061769564846, 12);
  expect(difference + 1.959963984540054 * error).toBeCloseTo(0.174214419249478, 12);
  expect(deLongTest(S100B, WFNS, POOR)).toMatchObject({ difference: -difference, error, pValue });
});

test('equal scores differ in nothing, and one positive row has no variance', () => {
  expect(deLongTest(WFNS, WFNS, POOR)).toEqual({ difference: 0, error: 0, pValue: 1 });
  expect(deLongTest(Float32Array.of(1, 2), Float32Array.of(2, 1), Float32Array.of(0, 1))).toBeUndefined();
});

test.each([
  // statsmodels 0.15.0, mcnemar(exact=True); the first table is Agresti's of approval ratings, 1990.
  [86, 150, 3.7159361395713866e-5],
  [121, 59, 4.4344492637551645e-6],
  [1, 9, 0.021484375],
  [0, 0, 1],
])("McNemar's exact test of %d against %d rows", (candidateAlone, championAlone, expected) => {
  const rows = candidateAlone + championAlone + 5;
  const labels = new Float32Array(rows);
  const candidate = Int32Array.from({ length: rows }, (_, row) => (row < championAlone ? 1 : 0));
  const champion = Int32Array.from({ length: rows }, (_, row) =>
    row >= championAlone && row < candidateAlone + championAlone ? 1 : 0
  );
  const found = mcNemarTest(candidate, champion, labels);
  expect(found).toMatchObject({ candidateAlone, championAlone });
  expect(found.pValue / expected).toBeCloseTo(1, 10);
});

test('Holm corrects as statsmodels 0.15.0 does (multipletests)', () => {
  const found = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((expected, at) => expect(found[at]).toBeCloseTo(expected, 12));
  expect(holmAdjusted([])).toEqual([]);
});

test('by task: of classes the decisions alone, of a number nothing', () => {
  const { scores, labels } = referenceRows();
  const [one, other] = [oneNumber(scores), oneNumber(scores.map((score) => 1 - score))];
  expect(Object.keys(rowTestsOf(one, other, labels, { task: 'binary', decisionThreshold: 0.5 })!)).toEqual([
    'mcNemar',
    'deLong',
  ]);
  const two = (values: Float32Array) => ({
    width: 2,
    values: Float32Array.from([...values].flatMap((score) => [1 - score, score])),
  });
  const classes = rowTestsOf(two(scores), two(other.values), labels, { task: 'classes', classes: ['a', 'b'] });
  expect(Object.keys(classes!)).toEqual(['mcNemar']);
  expect(rowTestsOf(one, other, labels, { task: 'number' })).toBeUndefined();
});

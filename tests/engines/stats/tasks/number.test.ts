/** Metrics of predicted numbers: as scikit-learn documents them, by blocks as when written out, and what a bias is held against. */
import fc from 'fast-check';
import { dayBlocks } from '../../../../src/engines/stats/blocks';
import { evaluateScores } from '../../../../src/engines/stats/evaluate';
import { estimateOf, type Measured } from '../../../../src/engines/stats/measure';
import { baselineOf, statisticsOf } from '../../../../src/engines/stats/tasks/task';
import { oneNumber } from '../../../support/one-number';

const floats = (...values: number[]) => Float32Array.from(values);
const number = statisticsOf({ task: 'number' });
const one = (rows: number) => ({ of: 'day', asked: true, names: ['all'], index: new Int32Array(rows) });

function metrics(scores: Float32Array, labels: Float32Array): Readonly<Record<string, number>> {
  const blocks = one(labels.length);
  return Object.fromEntries(
    [...number.measure(oneNumber(scores), labels, blocks)].map(([name, measured]) => [
      name,
      estimateOf(measured, blocks),
    ])
  );
}

test("in the examples of scikit-learn's documentation", () => {
  // y_true = [3, -0.5, 2, 7], y_pred = [2.5, 0.0, 2, 8]: mean_squared_error 0.375, mean_absolute_error 0.5,
  // mean_absolute_percentage_error 0.327…, r2_score 0.948…
  const found = metrics(floats(2.5, 0, 2, 8), floats(3, -0.5, 2, 7));
  expect(found['rmse']).toBeCloseTo(Math.sqrt(0.375), 12);
  expect(found['mae']).toBe(0.5);
  expect(found['mape']).toBeCloseTo(0.3273809523809524, 12);
  expect(found['r2']).toBeCloseTo(0.9486081370449679, 12);
  expect(found['meanError']).toBeCloseTo(0.25, 12);
  // r2_score([1, 2, 3], [2, 2, 2]) is 0, and of [3, 2, 1] it is −3.
  expect(metrics(floats(2, 2, 2), floats(1, 2, 3))['r2']).toBe(0);
  expect(metrics(floats(3, 2, 1), floats(1, 2, 3))['r2']).toBe(-3);
});

test('labels without any spread have no R², and where one is 0 no error is a share of it', () => {
  expect(Object.keys(metrics(floats(1, 2), floats(5, 5)))).toEqual(['rmse', 'mae', 'mape', 'meanError']);
  expect(Object.keys(metrics(floats(1, 2), floats(0, 5)))).toEqual(['rmse', 'mae', 'r2', 'meanError']);
});

test('without each block they are what they are on the other rows', () => {
  const rows = fc.array(
    fc.record({
      score: fc.float({ min: -1000, max: 1000, noNaN: true }),
      label: fc.integer({ min: -1000, max: 1000 }),
      block: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 8, maxLength: 40 }
  );
  fc.assert(
    fc.property(rows, (all) => {
      const names = [0, 1, 2, 3];
      const part = (of: typeof all) => [
        Float32Array.from(of, ({ score }) => score),
        Float32Array.from(of, ({ label }) => label),
      ];
      const [scores, labels] = part(all);
      const blocks = {
        of: 'b',
        asked: true,
        names: names.map(String),
        index: Int32Array.from(all, (row) => row.block),
      };
      const measures = number.measure(oneNumber(scores!), labels!, blocks);
      for (const block of names) {
        const others = all.filter((row) => row.block !== block);
        if (others.length < 2 || new Set(others.map(({ label }) => label)).size < 2) continue;
        const [left, truth] = part(others);
        const expected = metrics(left!, truth!);
        for (const name of ['rmse', 'r2']) {
          const { without } = measures.get(name) as Extract<Measured, { kind: 'jackknife' }>;
          expect(without()[block]! / expected[name]!).toBeCloseTo(1, 5);
        }
      }
    })
  );
});

describe('an evaluation', () => {
  /** Eight days of 50 rows: labels around 200 with a deviation of about 29, scores 10 off to either side. */
  const labels = Float32Array.from({ length: 400 }, (_, row) => 150 + ((row * 37) % 101));
  const scores = labels.map((label, row) => label + (row % 2 === 0 ? 10 : -10));
  const blocks = dayBlocks(
    BigInt64Array.from({ length: 400 }, (_, row) => BigInt(Math.floor(row / 50)) * 86_400_000_000n)
  );
  const baseline = baselineOf('number', labels);

  test('says how far off in the unit of the label, beside the mean of the training labels', () => {
    const evaluation = evaluateScores({
      candidate: oneNumber(scores),
      labels,
      blocks,
      baseline,
      objective: { task: 'number' },
    });
    expect(evaluation).toMatchObject({ task: 'number', rows: 400, blocksOf: 'day' });
    expect(evaluation.candidate['rmse']).toMatchObject({ estimate: 10, blocks: 8, method: 'day jackknife' });
    expect(evaluation.candidate['mae']).toMatchObject({ estimate: 10, method: 't on day blocks' });
    expect(evaluation.baseline['rmse']).toBeCloseTo(baseline.deviations[0]!, 4);
    expect(evaluation.baseline['r2']).toBeCloseTo(0, 6);
    expect(evaluation.againstBaseline['rmse']!.estimate).toBeCloseTo(10 - baseline.deviations[0]!, 4);
    expect(evaluation.slices).toHaveLength(8);
    expect(evaluation.slices[0]).toMatchObject({ name: '1970-01-01', rows: 50, loss: 10 });
  });

  test('a champion is compared on the same rows, pair by pair', () => {
    const champion = labels.map((label, row) => label + (row % 2 === 0 ? 12 : -12));
    const evaluation = evaluateScores({
      candidate: oneNumber(scores),
      champion: oneNumber(champion),
      labels,
      blocks,
      baseline,
      objective: { task: 'number' },
    });
    expect(evaluation.againstChampion!['rmse']!.estimate).toBeCloseTo(-2, 5);
    expect(evaluation.againstChampion!['rmse']!.high).toBeLessThan(-1.99);
    expect(evaluation.slices[0]).toMatchObject({ loss: 10, championLoss: 12 });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a label that is %d is named', (label) => {
    const wrong = labels.map((each, row) => (row === 7 ? label : each));
    const evaluate = () =>
      evaluateScores({ candidate: oneNumber(scores), labels: wrong, blocks, objective: { task: 'number' } });
    expect(evaluate).toThrow(/MLOPS_LABEL_INVALID: A label is (NaN|Infinity), not a finite number.*\[row=7\]/);
  });
});

test('a bias is held against the spread of the training labels', () => {
  expect(number.biasFloor(0.05, { means: [200], deviations: [30] })).toBeCloseTo(1.5, 12);
  expect(number.biasFloor(0.05, undefined)).toBe(0);
});

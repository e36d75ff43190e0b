import fc from 'fast-check';
import { aucByBlocks } from '../../../src/engines/stats/auc';
import { averagePrecisionByBlocks } from '../../../src/engines/stats/average-precision';
import { calibrationByBlocks } from '../../../src/engines/stats/calibration';
import { outcomeOf } from '../../../src/engines/stats/decisions';
import { metricOf } from '../../support/metric-of';
import { referenceRows } from './reference-rows';

const floats = (...values: number[]) => Float32Array.from(values);

describe('as scikit-learn says it', () => {
  const { scores, labels } = referenceRows();

  test('on 1,000 rows with ties (scikit-learn 1.9.1)', () => {
    expect(metricOf('auc', scores, labels)).toBeCloseTo(0.8862906716687108, 12);
    expect(metricOf('averagePrecision', scores, labels)).toBeCloseTo(0.7954692093057442, 12);
    expect(metricOf('logLoss', scores, labels)).toBeCloseTo(0.4821375382682206, 12);
    expect(metricOf('brier', scores, labels)).toBeCloseTo(0.15866472390555555, 12);
    expect(metricOf('accuracy', scores, labels)).toBeCloseTo(0.773, 12);
    expect(metricOf('precision', scores, labels)).toBeCloseTo(0.6078028747433265, 12);
    expect(metricOf('recall', scores, labels)).toBeCloseTo(0.891566265060241, 12);
    expect(metricOf('f1', scores, labels)).toBeCloseTo(0.7228327228327228, 12);
  });

  test('in the examples of its documentation', () => {
    expect(metricOf('auc', floats(0.1, 0.4, 0.35, 0.8), floats(0, 0, 1, 1))).toBe(0.75);
    expect(metricOf('averagePrecision', floats(0.1, 0.4, 0.35, 0.8), floats(0, 0, 1, 1))).toBeCloseTo(0.83333, 5);
    expect(metricOf('logLoss', floats(0.9, 0.1, 0.2, 0.65), floats(1, 0, 0, 1))).toBeCloseTo(0.21616, 5);
    expect(metricOf('brier', floats(0.1, 0.9, 0.8, 0.3), floats(0, 1, 1, 0))).toBeCloseTo(0.0375, 7);
  });
});

const rows = fc.array(
  fc.record({
    score: fc.oneof(fc.constantFrom(0, -0, 0.5, 1), fc.float({ noNaN: true, min: -4, max: 4 })),
    label: fc.constantFrom(0, 1),
    block: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 60 }
);

describe('AUC', () => {
  test('is the share of pairs that are in order, ties counted half; and so it is without each block', () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const blocks = { names: ['a', 'b', 'c', 'd'], index: Int32Array.from(drawn, ({ block }) => block) };
        const scores = Float32Array.from(drawn, ({ score }) => score);
        const labels = Float32Array.from(drawn, ({ label }) => label);
        const { estimate, without } = aucByBlocks(scores, labels, blocks);
        expect(estimate).toBe(pairsInOrder(drawn));
        blocks.names.forEach((_, left) => {
          expect(without[left]).toBe(pairsInOrder(drawn.filter(({ block }) => block !== left)));
        });
      })
    );
  });

  test('is undefined with one class', () => {
    expect(metricOf('auc', floats(0.1, 0.2), floats(1, 1))).toBeNaN();
  });
});

function pairsInOrder(rows: readonly { readonly score: number; readonly label: number }[]): number {
  const positives = rows.filter(({ label }) => label === 1);
  const negatives = rows.filter(({ label }) => label === 0);
  let won = 0;
  for (const p of positives) {
    for (const n of negatives) won += Math.fround(p.score) > Math.fround(n.score) ? 1 : Number(p.score === n.score) / 2;
  }
  return won / (positives.length * negatives.length);
}

describe('average precision', () => {
  /** Σ over the positive rows of the precision at their score, ÷ positive rows. */
  function written(drawn: readonly { readonly score: number; readonly label: number }[]): number {
    const positives = drawn.filter(({ label }) => label === 1);
    const precision = (score: number) => {
      const taken = drawn.filter((row) => Math.fround(row.score) >= Math.fround(score));
      return taken.filter(({ label }) => label === 1).length / taken.length;
    };
    return positives.reduce((sum, { score }) => sum + precision(score), 0) / positives.length;
  }

  /** What was found, but for a difference of rounding. */
  const near = (found: number, expected: number) => (Math.abs(found - expected) < 1e-9 ? expected : found);

  test.each([
    ['a few blocks', 3],
    ['many small ones and large ones', 40],
  ])('is what it says, and so it is without each block: %s', (_, most) => {
    const withBlock = fc.tuple(rows, fc.array(fc.integer({ min: 0, max: most }), { minLength: 60, maxLength: 60 }));
    fc.assert(
      fc.property(withBlock, ([drawn, blocks]) => {
        // Half of the rows stay in the first block: with 60 rows it is above the border of small ones.
        const index = Int32Array.from(drawn, (_row, at) => (at % 2 === 0 ? 0 : blocks[at]!));
        const names = Array.from({ length: most + 1 }, (_name, at) => `${at}`);
        const scores = Float32Array.from(drawn, ({ score }) => score);
        const labels = Float32Array.from(drawn, ({ label }) => label);
        const { estimate, without } = averagePrecisionByBlocks(scores, labels, { names, index });
        const left = names.map((_name, block) => written(drawn.filter((_row, at) => index[at] !== block)));
        const expected = [written(drawn), ...left];
        expect([estimate, ...without].map((found, at) => near(found, expected[at]!))).toEqual(expected);
      })
    );
  });

  test('is undefined without a positive row', () => {
    expect(metricOf('averagePrecision', floats(0.1, 0.2), floats(0, 0))).toBeNaN();
  });
});

describe('decisions by a threshold', () => {
  const [scores, labels] = [floats(0.9, 0.5, 0.4, 0.2, 0.6), floats(1, 0, 1, 0, 1)];

  test('a score on the threshold is taken for positive', () => {
    expect([outcomeOf(0.5, 1, 0.5), outcomeOf(0.5, 0, 0.5)]).toEqual(['truePositive', 'falsePositive']);
    expect([outcomeOf(0.4, 1, 0.5), outcomeOf(0.4, 0, 0.5)]).toEqual(['falseNegative', 'trueNegative']);
    expect(metricOf('accuracy', scores, labels)).toBeCloseTo(3 / 5, 12);
  });

  test("come to a value in the project's unit", () => {
    const utility = { truePositive: 10, falsePositive: -4, falseNegative: -20, trueNegative: 1, unit: '€' };
    const objective = { task: 'binary' as const, decisionThreshold: 0.5, utility };
    expect(metricOf('utility', scores, labels, objective)).toBeCloseTo((20 - 4 - 20 + 1) / 5, 12);
  });

  test('without a positive decision there is no precision', () => {
    expect(metricOf('precision', floats(0.1, 0.2), floats(0, 1))).toBeNaN();
  });
});

describe('expected calibration error', () => {
  test('by hand: two scores are two bins, however they are shared out', () => {
    // 4 rows at 0.25 with rate 0.5, 6 rows at 0.75 with rate 2/3
    const scores = floats(...Array<number>(4).fill(0.25), ...Array<number>(6).fill(0.75));
    const labels = floats(1, 1, 0, 0, 1, 1, 1, 1, 0, 0);
    expect(metricOf('calibrationError', scores, labels)).toBeCloseTo(0.4 * 0.25 + 0.6 * (0.75 - 4 / 6), 12);
  });

  test("is 0 where every bin's rate is its score", () => {
    expect(metricOf('calibrationError', floats(0.5, 0.5, 0.25, 0.25, 0.25, 0.25), floats(1, 0, 1, 0, 0, 0))).toBe(0);
  });

  test("doesn't depend on the rows' order", () => {
    const { scores, labels } = referenceRows();
    const turned = metricOf('calibrationError', scores.slice().reverse(), labels.slice().reverse());
    expect(turned).toBeCloseTo(metricOf('calibrationError', scores, labels), 12);
  });

  test('without a block is that of the other rows in the same bins', () => {
    const index = Int32Array.from({ length: 10 }, (_, row) => row % 2);
    const scores = floats(...Array<number>(4).fill(0.25), ...Array<number>(6).fill(0.75));
    const labels = floats(1, 1, 0, 0, 1, 1, 1, 1, 0, 0);
    const odd = (values: Float32Array) => values.filter((_, row) => row % 2 === 1);
    const { without } = calibrationByBlocks(scores, labels, { names: ['even', 'odd'], index });
    expect(without[0]).toBeCloseTo(metricOf('calibrationError', odd(scores), odd(labels)), 12);
  });
});

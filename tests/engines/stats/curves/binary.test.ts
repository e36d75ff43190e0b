/** Points of ROC and precision–recall curves: those that scikit-learn documents, exact counts, never too many of them. */
import fc from 'fast-check';
import { binaryCurves } from '../../../../src/engines/stats/curves/binary';
import { aucByBlocks } from '../../../../src/engines/stats/auc';
import { calibrationByBlocks } from '../../../../src/engines/stats/calibration';

const floats = (...values: number[]) => Float32Array.from(values);
const ONE = (rows: number) => ({ names: ['all'], index: new Int32Array(rows) });

test("in the example of scikit-learn's roc_curve and precision_recall_curve", () => {
  // y_true = [0, 0, 1, 1], y_scores = [0.1, 0.4, 0.35, 0.8]: fpr [0, 0, .5, .5, 1], tpr [0, .5, .5, 1, 1].
  const { thresholds } = binaryCurves(floats(0.1, 0.4, 0.35, 0.8), floats(0, 0, 1, 1), 0.5);
  expect(thresholds.map(({ positives, negatives }) => [negatives / 2, positives / 2])).toEqual([
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  // precision at each threshold, from the highest on: 1, 1/2, 2/3, 1/2.
  expect(thresholds.map(({ positives, negatives }) => positives / (positives + negatives))).toEqual([
    1,
    0.5,
    2 / 3,
    0.5,
  ]);
});

const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 40 }), label: fc.integer({ min: 0, max: 1 }) }), {
  minLength: 1,
  maxLength: 400,
});

test('each point counts the rows at or above its score, and the last one counts all', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const scores = Float32Array.from(all, ({ score }) => score / 40);
      const labels = Float32Array.from(all, ({ label }) => label);
      const { thresholds, histogram, confusion, calibration } = binaryCurves(scores, labels, 0.5);
      const count = (label: number, from: number) =>
        labels.filter((each, row) => each === label && scores[row]! >= from).length;
      for (const { score, positives, negatives } of thresholds)
        expect([positives, negatives]).toEqual([count(1, score), count(0, score)]);
      expect(thresholds.at(-1)).toMatchObject({ positives: count(1, 0), negatives: count(0, 0) });
      expect(thresholds.length).toBeLessThanOrEqual(121);
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
      expect([sum(histogram.positives), sum(histogram.negatives)]).toEqual([count(1, 0), count(0, 0)]);
      expect(confusion.truePositives).toBe(count(1, 0.5));
      expect(confusion.truePositives + confusion.falseNegatives).toBe(count(1, 0));
      expect(confusion.falsePositives + confusion.trueNegatives).toBe(count(0, 0));
      // The calibration error is made of these bins.
      const error = calibration.reduce(
        (e, bin) => e + (bin.rows / all.length) * Math.abs(bin.meanScore - bin.meanTruth),
        0
      );
      expect(error).toBeCloseTo(calibrationByBlocks(scores, labels, ONE(all.length)).estimate, 10);
    })
  );
});

test.each([0.5, 0.001])('of 100,000 rows, %d of them positive, the points still give the area', (rate) => {
  const count = 100_000;
  // A fixed sequence that covers 0…1 evenly.
  const at = (row: number) => (row * 0.618_033_988_749_895) % 1;
  const labels = Float32Array.from({ length: count }, (_, row) => (at(row + 7) < rate ? 1 : 0));
  const scores = Float32Array.from({ length: count }, (_, row) => (at(row * 3) + labels[row]! * 0.6) / 1.6);
  const { thresholds } = binaryCurves(scores, labels, 0.5);
  expect(thresholds.length).toBeLessThanOrEqual(121);
  const end = thresholds.at(-1)!;
  let area = 0;
  let [x, y] = [0, 0];
  for (const { positives, negatives } of thresholds) {
    const [nextX, nextY] = [negatives / end.negatives, positives / end.positives];
    area += ((nextX - x) * (nextY + y)) / 2;
    [x, y] = [nextX, nextY];
  }
  expect(area).toBeCloseTo(aucByBlocks(scores, labels, ONE(count)).estimate, 2);
});

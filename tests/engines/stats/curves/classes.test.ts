/** The confusion of classes: scikit-learn's, and of more classes than a record can hold those with most rows. */
import { classesCurves } from '../../../../src/engines/stats/curves/classes';

test("in the example of scikit-learn's confusion_matrix", () => {
  // y_true = [2, 0, 2, 2, 0, 1], y_pred = [0, 0, 2, 2, 0, 2]: [[2, 0, 0], [0, 0, 1], [1, 0, 2]].
  const truth = [2, 0, 2, 2, 0, 1];
  const predicted = [0, 0, 2, 2, 0, 2];
  const values = Float32Array.from(
    predicted.flatMap((place) => [0, 1, 2].map((each) => (each === place ? 0.5 : 0.25)))
  );
  const { confusion, elsewhere, calibration } = classesCurves({ width: 3, values }, Float32Array.from(truth));
  expect(confusion).toEqual([
    { actual: 0, predicted: 0, rows: 2 },
    { actual: 2, predicted: 2, rows: 2 },
    { actual: 1, predicted: 2, rows: 1 },
    { actual: 2, predicted: 0, rows: 1 },
  ]);
  expect(elsewhere).toBe(0);
  // Each row is taken for its class with a probability of a half, and 4 of 6 are of it.
  expect(calibration).toEqual([{ rows: 6, meanScore: 0.5, meanTruth: 4 / 6 }]);
});

test('of 3,000 classes a bounded number of cells, and how many rows are in others', () => {
  const width = 3_000;
  const values = new Float32Array(width * width);
  for (let row = 0; row < width; row += 1) values[row * width + row] = 1;
  const { confusion, elsewhere } = classesCurves(
    { width, values },
    Float32Array.from({ length: width }, (_, row) => row)
  );
  expect(confusion).toHaveLength(2_500);
  expect(elsewhere).toBe(500);
});

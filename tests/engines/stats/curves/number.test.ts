/** Residuals and predicted against actual: every row is in a bin or counted as outside. */
import fc from 'fast-check';
import { numberCurves } from '../../../../src/engines/stats/curves/number';

const value = fc.float({ min: -1e6, max: 1e6, noNaN: true });
const rows = fc.array(fc.record({ score: value, label: value }), { minLength: 1, maxLength: 300 });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

test('every row is counted once', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const { residuals, grid, calibration } = numberCurves(
        Float32Array.from(all, ({ score }) => score),
        Float32Array.from(all, ({ label }) => label)
      );
      expect(sum(residuals.counts) + residuals.below + residuals.above).toBe(all.length);
      expect(sum(grid.cells.map((cell) => cell.rows)) + grid.outside).toBe(all.length);
      expect(sum(calibration.map((bin) => bin.rows))).toBe(all.length);
      expect(residuals.from).toBeLessThan(residuals.to);
      for (const { prediction, truth } of grid.cells) {
        expect(Math.max(prediction, truth)).toBeLessThan(grid.size);
        expect(Math.min(prediction, truth)).toBeGreaterThanOrEqual(0);
      }
    })
  );
});

test('one row far out is counted, and presses nothing together', () => {
  const labels = Float32Array.from({ length: 1_000 }, (_, row) => row % 100);
  const scores = labels.map((label, row) => (row === 500 ? 1e9 : label + (row % 7) - 3));
  const { residuals, grid } = numberCurves(scores, labels);
  expect(residuals).toMatchObject({ from: -3, to: 3, below: 0, above: 1 });
  expect(grid.to).toBeLessThan(200);
  expect(grid.outside).toBeGreaterThanOrEqual(1);
});

test('all predictions right, all labels one number', () => {
  const { residuals, grid } = numberCurves(Float32Array.from([5, 5]), Float32Array.from([5, 5]));
  expect(residuals).toMatchObject({ from: -1, to: 1, below: 0, above: 0 });
  expect(grid.cells).toEqual([{ prediction: 12, truth: 12, rows: 2 }]);
});

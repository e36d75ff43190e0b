import { initialParameters, parameterShapes } from '../../../src/engines/train/network';

test('weights start uniform within √(6 / (in + out)), biases at 0 (Glorot & Bengio 2010, eq. 16)', () => {
  const shapes = parameterShapes({ dense: 28, tables: [], hidden: [128, 64], outputs: 1 });
  const limits = shapes.map(({ name, limit }) => [name, limit]);
  expect(limits).toEqual([
    ['weights:0', Math.sqrt(6 / (28 + 128))],
    ['biases:0', 0],
    ['weights:1', Math.sqrt(6 / (128 + 64))],
    ['biases:1', 0],
    ['weights:2', Math.sqrt(6 / (64 + 1))],
    ['biases:2', 0],
  ]);
  const first = initialParameters(shapes, 1).subarray(0, 28 * 128);
  const square = first.reduce((sum, value) => sum + value * value, 0) / first.length;
  // Its variance is 2 / (in + out).
  expect(square / (2 / (28 + 128))).toBeCloseTo(1, 1);
});

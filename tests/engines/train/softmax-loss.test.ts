/** The loss that trees of classes are grown against. */
import { softmaxLoss } from '../../../src/engines/train/loss';
import { randomStream } from '../../../src/engines/train/random';

const ROWS = 40;
const CLASSES = 4;
const random = randomStream(5, 1, 0);
const scores = Float64Array.from({ length: ROWS * CLASSES }, () => (random() / 2 ** 32) * 6 - 3);
const labels = Float32Array.from({ length: ROWS }, (_, row) => row % CLASSES);
const loss = softmaxLoss(CLASSES);

function derivatives(of: Float64Array) {
  const into = Array.from({ length: CLASSES }, () => ({
    gradient: new Float64Array(ROWS),
    hessian: new Float64Array(ROWS),
  }));
  return { mean: loss.derivatives(of, labels, into), into };
}

test('its derivatives are those of its value, by central differences', () => {
  const { mean, into } = derivatives(scores);
  expect(mean).toBeCloseTo(loss.mean(scores, labels), 12);
  const step = 1e-4;
  for (const at of [0, 1, 5, 6, 7, 50, 83, 159]) {
    const moved = (by: number) =>
      loss.mean(
        scores.map((z, i) => (i === at ? z + by : z)),
        labels
      ) * ROWS;
    const [row, place] = [Math.floor(at / CLASSES), at % CLASSES];
    expect(into[place]!.gradient[row]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 6);
    expect(into[place]!.hessian[row]).toBeCloseTo((moved(step) - 2 * moved(0) + moved(-step)) / step ** 2, 5);
  }
});

test('of two classes it is the logistic loss of the difference', () => {
  const two = softmaxLoss(2);
  // log(1 + e^−2) and log(1 + e^2)
  expect(two.mean(Float64Array.of(1, 3, 1, 3), Float32Array.of(1, 1))).toBeCloseTo(Math.log1p(Math.exp(-2)), 12);
  expect(two.mean(Float64Array.of(1, 3), Float32Array.of(0))).toBeCloseTo(Math.log1p(Math.exp(2)), 12);
});

test('it starts at the shares of the classes, and does not overflow', () => {
  const start = softmaxLoss(3).start(Float32Array.of(0, 0, 1, 2));
  expect(start.map(Math.exp)).toEqual([0.5, 0.25, 0.25].map((share) => expect.closeTo(share, 12) as number));
  expect(softmaxLoss(2).mean(Float64Array.of(1e4, -1e4), Float32Array.of(1))).toBe(2e4);
});

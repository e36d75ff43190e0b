import { batchDependentNodes } from '../../../../src/engines/onnx/batch-invariant';
import { Graph } from '../../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../../src/engines/onnx/model';
import { operators } from '../../../../src/engines/onnx/operators';
import { openSession } from '../../../../src/engines/onnx/session';
import { float32 } from '../../../../src/engines/onnx/tensor';
import type { Isotonic } from '../../../../src/engines/train/calibration/calibrator';
import { fitIsotonic } from '../../../../src/engines/train/calibration/isotonic';
import { isotonicRates } from '../../../../src/engines/train/calibration/isotonic-graph';
import { fitTemperature } from '../../../../src/engines/train/calibration/temperature';
import { randomStream } from '../../../../src/engines/train/random';
import peer from './peer.json';

const floats = (numbers: readonly number[]) => Float32Array.from(numbers);
const silent = () => undefined;

const random = randomStream(4, 2, 0);
const share = () => random() / 2 ** 32;

describe('isotonic', () => {
  test('the curve is scikit-learn’s, and the graph answers on it, between its points and outside', async () => {
    const { logits, labels, curve, asked, rates } = peer.binary;
    const fitted = fitIsotonic(floats(logits), floats(labels));
    expect(fitted.logits).toEqual(curve.logits);
    fitted.rates.forEach((rate, at) => expect(rate).toBeCloseTo(curve.rates[at]!, 14));
    const answered = await ratesOf(fitted, floats(asked));
    answered.forEach((rate, at) => expect(rate).toBeCloseTo(rates[at]!, 6));
  });

  test('in any batch a logit gets the same bits, and a higher one never less', async () => {
    const logits = floats(Array.from({ length: 3000 }, () => (share() - 0.5) ** 3 * 100));
    const labels = logits.map((z) => (share() < 1 / (1 + Math.exp(-z)) ? 1 : 0));
    const fitted = fitIsotonic(logits, labels);
    expect(fitted.logits.length).toBeGreaterThan(20);
    expect(batchDependentNodes(decodeModel(graphOf(fitted)))).toEqual([]);
    const asked = floats([...logits, ...Array.from({ length: 997 }, () => (share() - 0.5) * 30)]).sort();
    const rates = await ratesOf(fitted, asked);
    expect(rates.every((rate, at) => rate >= (rates[at - 1] ?? 0))).toBe(true);
    for (const batch of [1, 7, 480]) expect(await ratesOf(fitted, asked, batch)).toEqual(rates);
  });

  test.each([
    ['one logit alone', [2, 2, 2, 2], [0, 1, 1, 1], 0.75],
    ['logits that fall where labels rise', [1, 2, 3, 4], [1, 1, 0, 0], 0.5],
  ])('%s makes a level curve', async (_, logits, labels, rate) => {
    const fitted = fitIsotonic(floats(logits), floats(labels));
    expect(await ratesOf(fitted, floats([-5, 2, 5]))).toEqual(floats([rate, rate, rate]));
  });

  test('neighbours at the ends of float32 have no slope that overflows, and NaN stays NaN', async () => {
    const [least, most] = [2 ** -149, 3e38];
    const curve: Isotonic = { method: 'isotonic', logits: [0, least, most], rates: [0, 0.5, 1] };
    expect(await ratesOf(curve, floats([0, least, most, Infinity, -Infinity, Number.NaN]))).toEqual(
      floats([0, 0.5, 1, 1, 0, Number.NaN])
    );
  });
});

describe('temperature', () => {
  test('has the least log loss, as a search by scipy finds it', () => {
    const { binary, classes } = peer;
    const ofBinary = { logits: floats(binary.logits), width: 1, labels: floats(binary.labels) };
    expect(fitTemperature(ofBinary, silent)! / binary.temperature).toBeCloseTo(1, 7);
    const ofClasses = { logits: floats(classes.logits), width: 4, labels: floats(classes.labels) };
    expect(fitTemperature(ofClasses, silent)! / classes.temperature).toBeCloseTo(1, 7);
  });

  test.each([
    ['are separated without an error', [-2, -1, 1, 2], [0, 0, 1, 1]],
    ['are no better than chance', [-1, 1, -1, 1], [0, 0, 1, 1]],
    ['are the wrong way round', [-2, -1, 1, 2], [1, 1, 0, 0]],
  ])('rows that %s have none', (_, logits, labels) => {
    expect(fitTemperature({ logits: floats(logits), width: 1, labels: floats(labels) }, silent)).toBeUndefined();
  });
});

function graphOf(curve: Isotonic): Uint8Array {
  const graph = new Graph('curve');
  graph.output(isotonicRates(graph, operators(graph), curve, graph.input('z', 'float32', ['N', 1])));
  return encodeModel(graph);
}

async function ratesOf(curve: Isotonic, logits: Float32Array, batch = logits.length): Promise<Float32Array> {
  const session = await openSession(graphOf(curve));
  const rates = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += batch) {
    const z = logits.subarray(from, from + batch);
    const answer = await session.run({ z: float32(z, [z.length, 1]) });
    rates.set(answer[session.outputs[0]!]!.data as Float32Array, from);
  }
  await session.close();
  return rates;
}

import { Graph } from '../../src/engines/onnx/graph';
import { encodeModel } from '../../src/engines/onnx/model';
import { operators } from '../../src/engines/onnx/operators';
import { type Columns, mergedRuns } from '../../src/serve/merged-runs';
import { loadModel } from '../../src/serve/loaded-model';
import { servedVersion } from './flights-model';
import { oneNumber } from '../support/one-number';

const numbers = (...values: number[]): Columns => new Map([['x', values]]);

/** Half of x; a run with a negative one fails as a whole. Keeps how many rows each run had. */
function halves() {
  const runs: number[] = [];
  const run = mergedRuns(
    async (columns, rows) => {
      runs.push(rows);
      const values = columns.get('x') as number[];
      if (values.some((value) => value < 0)) throw new Error('negative');
      return oneNumber(Float32Array.from(values, (value) => value / 2));
    },
    ['x']
  );
  return { run, runs };
}

test('requests of one turn share a run, and each gets its own rows; the first of its kind waits for no other', async () => {
  const { run, runs } = halves();
  const scores = await Promise.all([run(numbers(2), 1), run(numbers(4, 6, 8), 3), run(numbers(10), 1)]);
  expect(scores.map((each) => [...each.values])).toEqual([[1], [2, 3, 4], [5]]);
  expect(runs).toEqual([1, 4]);
  const again = await Promise.all([run(numbers(12), 1), run(numbers(14), 1), run(numbers(16), 1)]);
  expect(again.map(({ values: [score] }) => score)).toEqual([6, 7, 8]);
  expect(runs).toEqual([1, 4, 3]);
});

test('a run is bounded in rows', async () => {
  const { run, runs } = halves();
  const many = Array.from({ length: 600 }, (_, i) => i);
  await Promise.all([run(numbers(0), 1), run(numbers(...many), 600), run(numbers(...many), 600), run(numbers(1), 1)]);
  expect(runs).toEqual([1, 600, 601]);
});

test('the request that a run fails on fails alone', async () => {
  const { run } = halves();
  const values = [8, 2, -1, 4];
  const results = await Promise.allSettled(values.map((value) => run(numbers(value), 1)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
});

test('a graph whose rows depend on each other runs each request alone', async () => {
  const graph = new Graph('share');
  const o = operators(graph);
  const x = graph.input('distance', 'float64', ['N']);
  graph.output(o.squeeze(o.unsqueeze(o.cast(o.div(x, o.reduceSum(x, [0], true)), 'float32'), 1), 1, 'probability'));
  const bytes = encodeModel(graph);
  const model = await loadModel(servedVersion(1, bytes), bytes);
  const score = (value: number) => model.score(new Map([['distance', [value]]]), 1);
  const scores = await Promise.all([score(1), score(2), score(3)]);
  expect(scores.map(({ values: [each] }) => each)).toEqual([1, 1, 1]);
  await model.close();
});

import { onnxEnvironment } from '../../../src/engines/onnx/environment';
import { Graph } from '../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../src/engines/onnx/model';
import { metadataOf } from './metadata';
import { operators } from '../../../src/engines/onnx/operators';
import { openSession } from '../../../src/engines/onnx/session';
import { float32, float64, int64, strings } from '../../../src/engines/onnx/tensor';

function everything(): Graph {
  const graph = new Graph('everything');
  const o = operators(graph);
  const x = graph.input('x', 'float32', ['N', 2]);
  const text = graph.input('text', 'string', ['N']);
  const wide = o.cast(o.add(x, o.constant(float32([0.5, -1.25]))), 'float64');
  graph.output(o.mul(wide, o.constant(float64([1 / 3, 2 ** 60]))));
  graph.output(o.add(o.lookUp(text, ['a', 'é'], 1, 0), o.constant(int64([-(2n ** 62n)]))));
  graph.output(o.lessOrEqual(x, o.scalar(3)));
  return graph;
}

test('the same graph and metadata give the same bytes, whatever the order of the metadata', () => {
  const bytes = encodeModel(everything(), { a: '1', b: '2' });
  expect(Buffer.from(encodeModel(everything(), { b: '2', a: '1' }))).toEqual(Buffer.from(bytes));
  expect(Buffer.from(encodeModel(everything(), { a: '1', b: '3' }))).not.toEqual(Buffer.from(bytes));
  expect(metadataOf(decodeModel(bytes))).toEqual({ a: '1', b: '2' });
});

test('onnxruntime runs it, with every element type', async () => {
  const session = await openSession(encodeModel(everything()));
  expect(session.inputs).toEqual(['x', 'text']);
  const results = await session.run({ x: float32([1, 2, 3, 4], [2, 2]), text: strings(['é', 'b']) });
  const [product, index, atMost3] = session.outputs.map((name) => results[name]!);
  expect(product).toEqual(float64([0.5, 0.75 * 2 ** 60, 3.5 * (1 / 3), 2.75 * 2 ** 60], [2, 2]));
  expect(index).toEqual(int64([-(2n ** 62n) + 2n, -(2n ** 62n)]));
  expect(Array.from(atMost3!.data as Uint8Array)).toEqual([1, 1, 1, 0]);
  await session.close();
});

test('outputs can be written into given buffers', async () => {
  const graph = new Graph('g');
  const y = operators(graph).relu(graph.input('x', 'float32', ['N']));
  graph.output(y);
  const session = await openSession(encodeModel(graph));
  const whole = new Float32Array(4);
  await session.run({ x: float32([-1, 5]) }, { [y.name]: float32(whole.subarray(2)) });
  expect([...whole]).toEqual([0, 0, 0, 5]);
  await session.close();
});

test.each([
  ['no bytes', new Uint8Array(0)],
  ['text', Buffer.from('hello, this is no model at all')],
  ['a model that is cut short', encodeModel(everything()).subarray(0, 300)],
])('%s is refused as a model', (_, bytes) => {
  expect(() => decodeModel(bytes)).toThrow(/MLOPS_MODEL_INVALID/);
});

test('an operator that onnxruntime does not have is named; what else it refuses is said with its reason', async () => {
  const of = (operator: string, type: 'float32' | 'string') => {
    const graph = new Graph('g');
    const x = graph.input('x', type, ['N']);
    graph.output(graph.node({ operator, inputs: [x], outputs: [{ type, shape: ['N'] }] })[0]!);
    return encodeModel(graph);
  };
  await expect(openSession(of('NoSuchOperator', 'float32'))).rejects.toThrow(
    /MLOPS_MODEL_OPERATOR: .*operator=NoSuchOperator/
  );
  await expect(openSession(of('Sqrt', 'string'))).rejects.toThrow(/MLOPS_MODEL_INVALID: onnxruntime refuses.*Sqrt/s);
});

test('the same operator on the same values is one node, and the same number one constant', () => {
  const graph = new Graph('g');
  const o = operators(graph);
  const x = graph.input('x', 'float64', ['N']);
  const doubled = o.mul(x, o.scalar(2, 'float64'));
  expect(o.mul(x, o.scalar(2, 'float64'))).toBe(doubled);
  expect(o.mul(o.scalar(2, 'float64'), x)).not.toBe(doubled);
  expect(o.scalar(2)).not.toBe(o.scalar(2, 'float64'));
  expect(o.scalar(-0)).not.toBe(o.scalar(0));
  expect(o.cast(x, 'float32')).not.toBe(o.cast(x, 'int64'));
  // A name is a promise to a reader of the file.
  expect(o.squeeze(o.unsqueeze(x, 1), 1, 'named')).not.toBe(o.squeeze(o.unsqueeze(x, 1), 1));
  expect(graph.nodes).toHaveLength(7);
});

test('shapes and names are checked while a graph is built', () => {
  const graph = new Graph('g');
  const o = operators(graph);
  const x = graph.input('x', 'float32', [2, 3]);
  expect(() => graph.input('x', 'float32', [1])).toThrow(/two values are named 'x'/);
  expect(() => o.matMul(x, x)).toThrow('MatMul of [2,3] and [2,3]');
  expect(() => o.add(x, o.constant(float32([1, 2])))).toThrow("[2,3] and [2] don't fit");
  expect(() => o.add(x, o.scalar(1, 'float64'))).toThrow('Add of float32 and float64');
});

test('the environment names what bits depend on', () => {
  const environment = onnxEnvironment();
  expect(environment).toMatchObject({ onnxruntime: expect.stringMatching(/^1\.\d+\.\d+$/), optimisation: 'all' });
  expect(environment.isa).not.toBe('');
  expect(onnxEnvironment()).toEqual(environment);
});

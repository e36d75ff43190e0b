import {
  batchDependentNodes,
  batchDependentOperators,
  INVARIANT,
  INVARIANT_IN_DOUBLE,
} from '../../../src/engines/onnx/batch-invariant';
import { Graph, type Value } from '../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../src/engines/onnx/model';
import { operators } from '../../../src/engines/onnx/operators';
import { openSession } from '../../../src/engines/onnx/session';
import {
  bytesOf,
  type ElementType,
  float32,
  float64,
  int64,
  strings,
  type Tensor,
} from '../../../src/engines/onnx/tensor';
import { randomStream } from '../../../src/engines/train/random';
import { addEnsemble } from '../../../src/engines/trees/ensemble-node';
import type { Ensemble, Tree } from '../../../src/engines/trees/tree';

/** A prime number of rows and batches of odd and even sizes: a row gets to stand in every place of a vector kernel. */
const ROWS = 997;
const BATCHES = [1, 2, 7, 33, 480];
const WIDTH = 13;

type Build = (graph: Graph, x: Value) => Value;

const random = randomStream(3, 1, 0);
const normal = () => Math.sqrt(-2 * Math.log((random() + 1) / 2 ** 32)) * Math.cos((2 * Math.PI * random()) / 2 ** 32);
const numbers = (length: number) => Array.from({ length }, normal);

function plain(operator: string, type?: ElementType, attributes: Record<string, number | number[]> = {}): Build {
  return (graph, x) =>
    graph.node({ operator, inputs: [x], outputs: [{ type: type ?? x.type, shape: x.shape }], attributes })[0]!;
}
/** With one more operand: a constant row. */
function withRow(operator: string, type?: ElementType): Build {
  return (graph, x) => {
    const row = graph.constant(x.type === 'float64' ? float64(numbers(WIDTH)) : float32(numbers(WIDTH)));
    return graph.node({ operator, inputs: [x, row], outputs: [{ type: type ?? x.type, shape: x.shape }] })[0]!;
  };
}
const positive = (graph: Graph, x: Value) => operators(graph).mul(x, x);
const isPositive = (graph: Graph, x: Value) =>
  plain('Not')(graph, operators(graph).lessOrEqual(x, operators(graph).scalar(0)));
const shaped =
  (operator: string, values: number[], shape: (string | number)[]): Build =>
  (graph, x) =>
    graph.node({ operator, inputs: [x, graph.constant(int64(values))], outputs: [{ type: x.type, shape }] })[0]!;

/** How each operator of the list is put to the test; x is float32 [N, 13]. */
const FLOAT_CASES: Readonly<Record<string, Build>> = {
  Abs: plain('Abs'),
  Add: withRow('Add'),
  And: (graph, x) => {
    const flags = isPositive(graph, x);
    return graph.node({ operator: 'And', inputs: [flags, flags], outputs: [{ type: 'bool', shape: x.shape }] })[0]!;
  },
  Cast: (graph, x) => operators(graph).cast(x, 'float64'),
  Clip: (graph, x) => {
    const o = operators(graph);
    return o.cast(o.clip(o.cast(x, 'float64'), -1, 2), 'float32');
  },
  Concat: (graph, x) => operators(graph).concat([x, x], 1),
  Div: withRow('Div'),
  Equal: withRow('Equal', 'bool'),
  Erf: plain('Erf'),
  Expand: (graph, x) => {
    const one = operators(graph).unsqueeze(x, 2);
    return shaped('Expand', [1, 1, 3], ['N', WIDTH, 3])(graph, one);
  },
  Floor: plain('Floor'),
  Gather: (graph, x) => {
    const o = operators(graph);
    const bucket = o.cast(plain('Floor')(graph, o.sigmoid(x)), 'int64');
    return o.gather(o.constant(float32(numbers(8), [2, 4])), bucket);
  },
  Gemm: (graph, x) => {
    const inputs = [x, graph.constant(float32(numbers(WIDTH * 7), [WIDTH, 7])), graph.constant(float32(numbers(7)))];
    return graph.node({ operator: 'Gemm', inputs, outputs: [{ type: 'float32', shape: ['N', 7] }] })[0]!;
  },
  Greater: withRow('Greater', 'bool'),
  Identity: plain('Identity'),
  IsNaN: plain('IsNaN', 'bool'),
  LessOrEqual: withRow('LessOrEqual', 'bool'),
  MatMul: (graph, x) => {
    const o = operators(graph);
    const layer = (from: Value, rows: number, columns: number) =>
      o.matMul(from, o.constant(float32(numbers(rows * columns), [rows, columns])));
    return layer(o.relu(layer(o.relu(layer(x, WIDTH, 300)), 300, 64)), 64, 1);
  },
  Mod: (graph, x) => operators(graph).mod(operators(graph).cast(x, 'int64'), operators(graph).integer(3)),
  Mul: withRow('Mul'),
  Neg: plain('Neg'),
  Not: isPositive,
  Or: (graph, x) => operators(graph).or(isPositive(graph, x), isPositive(graph, x)),
  Relu: plain('Relu'),
  Reshape: shaped('Reshape', [-1, WIDTH, 1], ['N', WIDTH, 1]),
  Sigmoid: plain('Sigmoid'),
  Sign: plain('Sign'),
  Slice: (graph, x) => operators(graph).slice(x, 1, 2, 9),
  Softmax: (graph, x) => operators(graph).softmax(x),
  Sqrt: (graph, x) => operators(graph).sqrt(positive(graph, x)),
  Squeeze: (graph, x) => operators(graph).squeeze(operators(graph).unsqueeze(x, 1), 1),
  Sub: withRow('Sub'),
  Tanh: plain('Tanh'),
  // Of the weights; transposing the rows' own axis would mix rows.
  Transpose: (graph, x) => {
    const o = operators(graph);
    return o.matMul(x, o.transpose(o.constant(float32(numbers(WIDTH * 5), [5, WIDTH]))));
  },
  Unsqueeze: (graph, x) => operators(graph).unsqueeze(x, 1),
  Where: (graph, x) => operators(graph).where(isPositive(graph, x), x, operators(graph).scalar(0)),
};
/** x is float64 [N, 13]. */
const DOUBLE_CASES: Readonly<Record<string, Build>> = {
  Cos: plain('Cos'),
  Exp: plain('Exp'),
  Log: (graph, x) => operators(graph).log(positive(graph, x)),
  Sin: plain('Sin'),
};

function modelOf(build: Build, type: ElementType, shape: (string | number)[]): Uint8Array {
  const graph = new Graph('case');
  graph.output(build(graph, graph.input('x', type, shape)));
  return encodeModel(graph);
}

/** The bytes of all rows' results, made in batches of one size. */
async function inBatches(
  model: Uint8Array,
  batch: number,
  rowsOf: (from: number, to: number) => Tensor
): Promise<string> {
  const session = await openSession(model);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < ROWS; from += batch) {
    const results = await session.run({ x: rowsOf(from, Math.min(ROWS, from + batch)) });
    parts.push(bytesOf(results[session.outputs[0]!]!.data));
  }
  await session.close();
  return Buffer.concat(parts).toString('base64');
}

/** The batch sizes at which a row got other bits than among all rows. */
async function dependsOn(model: Uint8Array, rowsOf: (from: number, to: number) => Tensor): Promise<number[]> {
  const whole = await inBatches(model, ROWS, rowsOf);
  const results = await Promise.all(BATCHES.map((batch) => inBatches(model, batch, rowsOf)));
  return BATCHES.filter((_, i) => results[i] !== whole);
}

const values = numbers(ROWS * WIDTH).map((x) => 3 * x);

test.each(Object.entries(FLOAT_CASES))('%s gives a row the same bits in every batch', async (_, build) => {
  const data = Float32Array.from(values);
  const rowsOf = (from: number, to: number) => float32(data.slice(from * WIDTH, to * WIDTH), [to - from, WIDTH]);
  expect(await dependsOn(modelOf(build, 'float32', ['N', WIDTH]), rowsOf)).toEqual([]);
});

test.each(Object.entries(DOUBLE_CASES))(
  '%s in double, rounded to float, gives a row the same bits in every batch',
  async (_, build) => {
    const data = Float64Array.from(values);
    const rounded: Build = (graph, x) => operators(graph).cast(build(graph, x), 'float32');
    const rowsOf = (from: number, to: number) => float64(data.slice(from * WIDTH, to * WIDTH), [to - from, WIDTH]);
    expect(await dependsOn(modelOf(rounded, 'float64', ['N', WIDTH]), rowsOf)).toEqual([]);
  }
);

test('LabelEncoder gives a row the same bits in every batch', async () => {
  const texts = Array.from({ length: ROWS }, (_, i) => `k${(i * 7) % 11}`);
  const build: Build = (graph, x) => operators(graph).lookUp(x, ['k1', 'k3', 'k4'], 1, 0);
  const rowsOf = (from: number, to: number) => strings(texts.slice(from, to));
  expect(await dependsOn(modelOf(build, 'string', ['N']), rowsOf)).toEqual([]);
});

test('MurmurHash3 gives a row the same bits in every batch', async () => {
  const texts = Array.from({ length: ROWS }, (_, i) => 'naïve 🛫 text'.slice(0, i % 13) + i);
  const build: Build = (graph, x) => operators(graph).murmur3(x);
  const rowsOf = (from: number, to: number) => strings(texts.slice(from, to));
  expect(await dependsOn(modelOf(build, 'string', ['N']), rowsOf)).toEqual([]);
});

test.each(['words', 'characters'])('Tokenizer and TfIdfVectorizer count the same %s in every batch', async (of) => {
  const texts = Array.from({ length: ROWS }, (_, i) => 'naïve 🛫 text, a b a b '.slice(0, i % 23).repeat(1 + (i % 5)));
  const build: Build = (graph, x) => {
    const o = operators(graph);
    return o.ngramCounts(of === 'words' ? o.matches(x, '[^ ]+') : o.characters(x), [
      ['a'],
      ['🛫'],
      ['a', 'b'],
      ['x', 't'],
    ]);
  };
  const rowsOf = (from: number, to: number) => strings(texts.slice(from, to));
  expect(await dependsOn(modelOf(build, 'string', ['N']), rowsOf)).toEqual([]);
});

test.each([1, 40, 300])('TreeEnsembleRegressor sums %d trees in the same order in every batch', async (count) => {
  // Missing numbers among them.
  const data = Float32Array.from(values, (value, at) => (at % 17 === 0 ? Number.NaN : value));
  const rowsOf = (from: number, to: number) => float32(data.slice(from * WIDTH, to * WIDTH), [to - from, WIDTH]);
  for (const outputs of [1, 3]) {
    const ensemble: Ensemble = {
      start: numbers(outputs),
      bounds: Array.from({ length: WIDTH }, () => Float32Array.from(numbers(8).sort((a, b) => a - b))),
      trees: Array.from({ length: count * outputs }, fullTree),
    };
    expect(
      await dependsOn(
        modelOf((graph, x) => addEnsemble(graph, x, ensemble), 'float32', ['N', WIDTH]),
        rowsOf
      )
    ).toEqual([]);
  }
});

/** Of depth 5. */
function fullTree(): Tree {
  return Array.from({ length: 63 }, (_, place) =>
    place < 31
      ? {
          ...{ column: random() % WIDTH, bin: random() % 8, missingLeft: random() % 2 === 0 },
          ...{ left: 2 * place + 1, right: 2 * place + 2 },
        }
      : { value: normal() / 10 }
  );
}

test('StringConcat joins the same texts in every batch', async () => {
  const texts = Array.from({ length: ROWS }, (_, i) => 'naïve 🛫 text'.slice(0, i % 13) + i);
  const build: Build = (graph, x) => {
    const o = operators(graph);
    return o.murmur3(o.join(x, '–', x));
  };
  const rowsOf = (from: number, to: number) => strings(texts.slice(from, to));
  expect(await dependsOn(modelOf(build, 'string', ['N']), rowsOf)).toEqual([]);
});

/** `weights` · rowsᵀ, turned back. */
const leftProduct =
  (type: 'float32' | 'float64', weights: Tensor, width: number, outputs: number): Build =>
  (graph, x) => {
    const turned = graph.node({ operator: 'Transpose', inputs: [x], outputs: [{ type, shape: [width, 'N'] }] })[0]!;
    const product = {
      operator: 'MatMul',
      inputs: [graph.constant(weights), turned],
      outputs: [{ type, shape: [outputs, 'N'] }],
    };
    const columns = graph.node(product)[0]!;
    return graph.node({ operator: 'Transpose', inputs: [columns], outputs: [{ type, shape: ['N', outputs] }] })[0]!;
  };

type RowsOf = (from: number, to: number) => Tensor;
const rowsIn = {
  float32: (width: number): RowsOf => {
    const data = Float32Array.from(numbers(ROWS * width));
    return (from, to) => float32(data.subarray(from * width, to * width), [to - from, width]);
  },
  float64: (width: number): RowsOf => {
    const data = Float64Array.from(numbers(ROWS * width));
    return (from, to) => float64(data.subarray(from * width, to * width), [to - from, width]);
  },
};

describe.each([
  ['float32', float32],
  ['float64', float64],
] as const)('products in %s', (type, tensor) => {
  test.each([
    [1, 1],
    [3, 7],
    [16, 1],
    [251, 7],
    [512, 1],
  ])('of rows with %d × %d constant weights on the right have the same bits in every batch', async (width, outputs) => {
    const weights = tensor(numbers(width * outputs), [width, outputs]);
    const build: Build = (graph, x) => operators(graph).matMul(x, graph.constant(weights));
    const model = modelOf(build, type, ['N', width]);
    expect(batchDependentNodes(decodeModel(model))).toEqual([]);
    expect(await dependsOn(model, rowsIn[type](width))).toEqual([]);
  });

  test('with the weights on the left have other bits in some batches, and are named', async () => {
    const [width, outputs] = [251, 7];
    const weights = tensor(numbers(width * outputs), [outputs, width]);
    const model = modelOf(leftProduct(type, weights, width, outputs), type, ['N', width]);
    expect(await dependsOn(model, rowsIn[type](width))).not.toEqual([]);
    expect(batchDependentNodes(decodeModel(model))).toEqual([expect.stringMatching(/^MatMul \(/)]);
  });
});

test('a product of rows with rows, and one of columns made of the rows, are named', () => {
  const named = (build: Build) => batchDependentNodes(decodeModel(modelOf(build, 'float32', ['N', WIDTH])));
  const product = (graph: Graph, operator: string, inputs: readonly Value[], attributes = {}) =>
    graph.node({ operator, inputs: [...inputs], outputs: [{ type: 'float32', shape: ['N', 'M'] }], attributes })[0]!;
  const weights = (graph: Graph) => graph.constant(float32(numbers(WIDTH * 7), [WIDTH, 7]));
  expect(named((graph, x) => product(graph, 'MatMul', [x, x]))).toHaveLength(1);
  expect(named((graph, x) => product(graph, 'Gemm', [x, weights(graph)]))).toEqual([]);
  expect(named((graph, x) => product(graph, 'Gemm', [x, weights(graph)], { transA: 1 }))).toHaveLength(1);
});

test('the check sees a graph whose rows depend on each other', async () => {
  const data = Float32Array.from(values);
  const rowsOf = (from: number, to: number) => float32(data.slice(from * WIDTH, to * WIDTH), [to - from, WIDTH]);
  const mixing: Build = (graph, x) => operators(graph).sub(x, operators(graph).reduceSum(x, [0], true));
  expect(await dependsOn(modelOf(mixing, 'float32', ['N', WIDTH]), rowsOf)).toEqual(BATCHES);
});

test('every operator of the list is put to the test', () => {
  expect([...INVARIANT].sort()).toEqual(
    [
      ...Object.keys(FLOAT_CASES),
      'StringConcat',
      'TfIdfVectorizer',
      'ai.onnx.ml.LabelEncoder',
      'ai.onnx.ml.TreeEnsembleRegressor',
      'com.microsoft.MurmurHash3',
      'com.microsoft.Tokenizer',
    ].sort()
  );
  expect([...INVARIANT_IN_DOUBLE].sort()).toEqual(Object.keys(DOUBLE_CASES).sort());
});

test('operators off the list are named; logarithms in float are, in double are not', () => {
  const named = (build: Build, type: ElementType) =>
    batchDependentNodes(decodeModel(modelOf(build, type, ['N', WIDTH])));
  expect(named(plain('Softplus'), 'float32')).toEqual([expect.stringMatching(/^Softplus \(/)]);
  expect(named(plain('Log'), 'float32')).toEqual([expect.stringMatching(/^Log \(/)]);
  expect(named(DOUBLE_CASES.Log!, 'float64')).toEqual([]);
  // Over the rows of a batch instead of a row's own numbers.
  expect(named(plain('Softmax', undefined, { axis: 0 }), 'float32')).toEqual([expect.stringMatching(/^Softmax \(/)]);
  const twice: Build = (graph, x) => plain('Softplus')(graph, plain('Softplus')(graph, x));
  expect(batchDependentOperators(decodeModel(modelOf(twice, 'float32', ['N', WIDTH])))).toEqual(['Softplus']);
  expect(named((graph, x) => operators(graph).log(operators(graph).cast(x, 'float64')), 'float32')).toEqual([]);
});

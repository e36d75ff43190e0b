import { Graph, type Value } from '../../../src/engines/onnx/graph';
import { encodeModel } from '../../../src/engines/onnx/model';
import { type Operators, operators } from '../../../src/engines/onnx/operators';
import { openSession } from '../../../src/engines/onnx/session';
import { float32, float64, int64, sizeOf } from '../../../src/engines/onnx/tensor';
import { gradients } from '../../../src/engines/train/gradients';
import { activate, normalized } from '../../../src/engines/train/layers';
import { output } from '../../../src/engines/train/network';

/** One function of parameters to any value; the test's loss is a weighted sum of that value. */
interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly f: (o: Operators, parameters: readonly Value[]) => Value;
  /** Of what onnxruntime doesn't have in double. */
  readonly inFloat?: true;
}

const rows = (o: Operators, ...numbers: number[]) => o.constant(int64(numbers));

const CASES: readonly Case[] = [
  ...(['add', 'sub', 'mul'] as const).flatMap((operator) =>
    [
      [
        [3, 4],
        [3, 4],
      ],
      [[3, 4], [4]],
      [[4], [3, 4]],
      [
        [3, 4],
        [3, 1],
      ],
      [
        [3, 1],
        [1, 4],
      ],
      [[3, 4], []],
      [
        [2, 3, 4],
        [3, 1],
      ],
    ].map((shapes) => ({
      name: `${operator} of ${JSON.stringify(shapes)}`,
      shapes,
      f: (o: Operators, [a, b]: readonly Value[]) => o[operator](a!, b!),
    }))
  ),
  // Away from 0, where a quotient has no value.
  ...[
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [[4], [3, 4]],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [3, 1],
      [1, 4],
    ],
    [[3, 4], []],
    [
      [2, 3, 4],
      [3, 1],
    ],
  ].map((shapes) => ({
    name: `div of ${JSON.stringify(shapes)}`,
    shapes,
    f: (o: Operators, [a, b]: readonly Value[]) => o.div(a!, o.add(o.mul(b!, b!), o.scalar(1, 'float64'))),
  })),
  { name: 'tanh', shapes: [[5, 4]], f: (o, [x]) => o.tanh(x!) },
  { name: 'erf', shapes: [[5, 4]], f: (o, [x]) => o.erf(x!), inFloat: true },
  { name: 'sqrt', shapes: [[5]], f: (o, [x]) => o.sqrt(o.add(o.mul(x!, x!), o.scalar(1, 'float64'))) },
  ...(['relu', 'gelu', 'tanh'] as const).map((kind) => ({
    name: `the activation ${kind}`,
    shapes: [[5, 4]],
    f: (o: Operators, [x]: readonly Value[]) => activate(o, kind, x!),
    ...(kind === 'gelu' ? { inFloat: true as const } : {}),
  })),
  {
    name: 'layer normalization',
    shapes: [[3, 4], [4], [4]],
    f: (o, [x, gain, shift]) => normalized(o, x!, gain!, shift!),
  },
  {
    name: 'layers with normalization, tanh and a residual',
    shapes: [[3, 4], [4, 4], [4], [4], [4], [4, 2], [2]],
    f: (o, parameters) => {
      const form = { activation: 'tanh', normalization: 'layer', residual: true, initialWeights: 'glorot' } as const;
      return output(o, { dense: 4, tables: [], hidden: [4], outputs: 2, form }, parameters.slice(1), parameters[0], []);
    },
  },
  {
    name: 'matMul',
    shapes: [
      [3, 4],
      [4, 2],
    ],
    f: (o, [a, b]) => o.matMul(a!, b!),
  },
  { name: 'relu', shapes: [[5, 4]], f: (o, [x]) => o.relu(x!) },
  { name: 'sigmoid', shapes: [[5]], f: (o, [x]) => o.sigmoid(x!) },
  { name: 'softplus', shapes: [[5]], f: (o, [x]) => o.softplus(x!) },
  { name: 'logSoftmax', shapes: [[3, 4]], f: (o, [x]) => o.logSoftmax(x!) },
  { name: 'reduceSum over rows', shapes: [[3, 4]], f: (o, [x]) => o.reduceSum(o.mul(x!, x!), [0], false) },
  { name: 'reduceSum over columns, kept', shapes: [[3, 4]], f: (o, [x]) => o.reduceSum(o.mul(x!, x!), [1], true) },
  { name: 'reduceSum over both', shapes: [[3, 4]], f: (o, [x]) => o.reduceSum(o.mul(x!, x!), [0, 1], false) },
  {
    name: 'concat of columns',
    shapes: [
      [3, 2],
      [3, 1],
      [3, 4],
    ],
    f: (o, parts) => o.concat(parts, 1),
  },
  {
    name: 'concat of rows',
    shapes: [
      [1, 2],
      [3, 2],
    ],
    f: (o, parts) => o.concat(parts, 0),
  },
  {
    name: 'gather with a row read twice and one unread',
    shapes: [[4, 3]],
    f: (o, [t]) => o.gather(t!, rows(o, 2, 0, 2, 3, 2)),
  },
  {
    name: 'a value that is read three times',
    shapes: [[3]],
    f: (o, [x]) => o.mul(o.mul(x!, x!), o.add(x!, o.sigmoid(x!))),
  },
  {
    name: 'a network with an embedding and cross-entropy',
    shapes: [[4, 2], [5, 3], [3], [3, 1], [1]],
    f: (o, [table, w1, b1, w2, b2]) => {
      const dense = o.constant(
        float64(
          Float64Array.from({ length: 9 }, (_, i) => Math.sin(i)),
          [3, 3]
        )
      );
      const input = o.concat([o.gather(table!, rows(o, 1, 3, 1)), dense], 1);
      const z = o.add(o.matMul(o.relu(o.add(o.matMul(input, w1!), b1!)), w2!), b2!);
      return o.sub(o.softplus(z), o.mul(o.constant(float64([1, 0, 1], [3, 1])), z));
    },
  },
];

/** Irregular, away from relu's corner. */
const numbers = (length: number, from: number) =>
  Float64Array.from({ length }, (_, i) => 1.3 * Math.sin(1 + 2.7 * (i + from)));

async function evaluator({ shapes, f, inFloat }: Case) {
  const type = inFloat ? 'float32' : 'float64';
  const tensor = (data: Float64Array, dims: readonly number[]) =>
    inFloat ? float32(Float32Array.from(data), dims) : float64(data, dims);
  const graph = new Graph('case');
  const o = operators(graph);
  const parameters = shapes.map((shape, i) => graph.input(`p${i}`, type, shape));
  const y = f(o, parameters);
  const shape = y.shape as number[];
  const weighted = o.mul(y, o.constant(tensor(numbers(sizeOf(shape), 50), shape)));
  const loss =
    shape.length === 0
      ? weighted
      : o.reduceSum(
          weighted,
          shape.map((_, axis) => axis),
          false
        );
  const parts = gradients(graph, loss, parameters);
  for (const value of [loss, ...parts]) graph.output(value);
  const session = await openSession(encodeModel(graph));
  return {
    shapesOfGradients: parts.map((part) => part.shape),
    evaluate: async (values: readonly Float64Array[]) => {
      const feeds = Object.fromEntries(values.map((data, i) => [`p${i}`, tensor(data, shapes[i]!)]));
      const results = await session.run(feeds);
      const data = (value: Value) => results[value.name]!.data as Float64Array;
      return { loss: data(loss)[0]!, gradients: parts.map(data) };
    },
    close: () => session.close(),
  };
}

test.each(CASES.map((each) => [each.name, each] as const))(
  'gradient of %s agrees with central differences',
  async (_, each) => {
    const { evaluate, shapesOfGradients, close } = await evaluator(each);
    const values = each.shapes.map((shape, i) => numbers(sizeOf(shape), 10 * i));
    const { gradients: analytic } = await evaluate(values);
    expect(shapesOfGradients).toEqual(each.shapes);
    // In float a difference of sums is rounded to some 10⁻⁶, and a longer step makes less of it.
    const [step, within] = each.inFloat ? [1e-2, 5e-4] : [1e-5, 1e-8];
    for (const [p, parameter] of values.entries()) {
      for (let i = 0; i < parameter.length; i += 1) {
        const lossAt = async (change: number) => {
          const moved = values.map((data) => data.slice());
          moved[p]![i]! += change;
          return (await evaluate(moved)).loss;
        };
        const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
        expect(Math.abs(analytic[p]![i]! - numeric)).toBeLessThan(within + 1e-7 * Math.abs(numeric));
      }
    }
    await close();
  }
);

test('an operator without a gradient is named', () => {
  const graph = new Graph('g');
  const o = operators(graph);
  const x = graph.input('x', 'float32', []);
  expect(() => gradients(graph, o.cos(x), [x])).toThrow(/Cos .* has no gradient/);
});

test('an operator without a gradient is no obstacle off the way from a parameter to the loss', () => {
  const graph = new Graph('g');
  const o = operators(graph);
  const x = graph.input('x', 'float32', []);
  const data = graph.input('data', 'float32', []);
  expect(gradients(graph, o.mul(x, o.cos(data)), [x])).toHaveLength(1);
});

test('a parameter that the loss does not depend on is named', () => {
  const graph = new Graph('g');
  const x = graph.input('x', 'float32', []);
  const unused = graph.input('unused', 'float32', []);
  expect(() => gradients(graph, operators(graph).relu(x), [x, unused])).toThrow(/parameter 'unused'/);
});

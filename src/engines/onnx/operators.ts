/**
 * ONNX operators as functions on a graph's values, with their shapes. Semantics: github.com/onnx/onnx, Operators.md,
 * operator set 18; here are only those that we emit.
 */
import type { Attribute, Dim, Graph, Value } from './graph';
import { ELEMENT_CODES, type ElementType, float32, float64, int64, sizeOf, strings, type Tensor } from './tensor';

/** Behind every end. */
const END = 2n ** 63n - 1n;

export type Operators = ReturnType<typeof operators>;

/** The operators, bound to the graph that they add nodes to. */
export function operators(graph: Graph) {
  const one = (
    operator: string,
    inputs: readonly Value[],
    type: ElementType,
    shape: readonly Dim[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name?: string
  ): Value => graph.node({ operator, inputs, outputs: [{ type, shape, name }], attributes })[0]!;
  const unary = (operator: string) => (x: Value) => one(operator, [x], x.type, x.shape);
  const binary = (operator: string) => (a: Value, b: Value) => {
    if (a.type !== b.type) throw new Error(`${operator} of ${a.type} and ${b.type}`);
    return one(operator, [a, b], a.type, broadcast(a.shape, b.shape));
  };
  const comparison = (operator: string) => (a: Value, b: Value) =>
    one(operator, [a, b], 'bool', broadcast(a.shape, b.shape));
  const constant = (tensor: Tensor, name?: string) => graph.constant(tensor, name);
  const integers = (values: readonly (number | bigint)[]) => constant(int64(values));

  const positionOf = (x: Value, keys: readonly number[], values: readonly number[]) =>
    graph.node({
      operator: 'LabelEncoder',
      domain: 'ai.onnx.ml',
      inputs: [x],
      outputs: [{ type: 'int64', shape: x.shape }],
      attributes: { keys_int64s: keys, values_int64s: values, default_int64: -1 },
    })[0]!;

  const tokens = (x: Value, how: Readonly<Record<string, Attribute>>) =>
    graph.node({
      operator: 'Tokenizer',
      domain: 'com.microsoft',
      inputs: [x],
      outputs: [{ type: 'string', shape: [...x.shape, 'tokens'] }],
      attributes: { mark: 0, mincharnum: 1, pad_value: '', ...how },
    })[0]!;

  return {
    constant,
    integers,
    /** A scalar constant. */
    scalar: (value: number, type: 'float32' | 'float64' = 'float32') =>
      constant(type === 'float32' ? float32([value], []) : float64([value], [])),
    /** A scalar int64 constant. */
    integer: (value: number | bigint) => constant(int64([value], [])),

    add: binary('Add'),
    sub: binary('Sub'),
    mul: binary('Mul'),
    /** Integers: rounds towards zero. */
    div: binary('Div'),
    /** Integers: the remainder has the divisor's sign (floor). */
    mod: binary('Mod'),
    pow: binary('Pow'),
    equal: comparison('Equal'),
    lessOrEqual: comparison('LessOrEqual'),
    isNaN: (x: Value) => one('IsNaN', [x], 'bool', x.shape),
    or: comparison('Or'),
    and: comparison('And'),
    not: unary('Not'),
    where: (condition: Value, yes: Value, no: Value) =>
      one('Where', [condition, yes, no], yes.type, broadcast(condition.shape, broadcast(yes.shape, no.shape))),

    /** Of unsigned integers. */
    bitwiseXor: binary('BitwiseXor'),
    shiftRight: (x: Value, bits: Value) =>
      one('BitShift', [x, bits], x.type, broadcast(x.shape, bits.shape), { direction: 'RIGHT' }),

    identity: (x: Value, name?: string) => one('Identity', [x], x.type, x.shape, {}, name),
    abs: unary('Abs'),
    floor: unary('Floor'),
    neg: unary('Neg'),
    relu: unary('Relu'),
    sigmoid: unary('Sigmoid'),
    softplus: unary('Softplus'),
    tanh: unary('Tanh'),
    erf: unary('Erf'),
    sign: unary('Sign'),
    sqrt: unary('Sqrt'),
    log: unary('Log'),
    exp: unary('Exp'),
    /** Over the last axis. */
    softmax: (x: Value, name?: string) => one('Softmax', [x], x.type, x.shape, { axis: -1 }, name),
    /** Over the last axis. */
    logSoftmax: (x: Value) => one('LogSoftmax', [x], x.type, x.shape, { axis: -1 }),
    sin: unary('Sin'),
    cos: unary('Cos'),
    /** Of float64, none of which is NaN. */
    clip: (x: Value, min: number, max: number) =>
      one('Clip', [x, constant(float64([min], [])), constant(float64([max], []))], x.type, x.shape),
    cast: (x: Value, type: ElementType) => one('Cast', [x], type, x.shape, { to: ELEMENT_CODES[type] }),

    /** [M, K] × [K, N] → [M, N] */
    matMul: (a: Value, b: Value) => {
      const [inner, columns] = b.shape;
      if (b.shape.length !== 2 || a.shape.length !== 2 || a.shape[1] !== inner) {
        throw new Error(`MatMul of [${a.shape.join()}] and [${b.shape.join()}]`);
      }
      return one('MatMul', [a, b], a.type, [a.shape[0]!, columns!]);
    },
    /** Sums over the last axis, [F, N, K] → [F, N, 1]: as a product with constant weights, which can't mix the rows of a batch. */
    sumOverLast: (x: Value) => {
      const [outer, rows, inner] = x.shape;
      const ones = constant(float32(new Float32Array(fixed(inner!)).fill(1), [fixed(inner!), 1]));
      return one('MatMul', [x, ones], x.type, [outer!, rows!, 1]);
    },
    /** [M, N] → [N, M] */
    transpose: (x: Value, name?: string) =>
      one('Transpose', [x], x.type, [...x.shape].reverse(), { perm: [1, 0] }, name),
    reshape: (x: Value, shape: readonly number[]) => one('Reshape', [x, integers(shape)], x.type, shape),
    unsqueeze: (x: Value, axis: number) => {
      const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
      return one('Unsqueeze', [x, integers([axis])], x.type, shape);
    },
    /** [.., 1, ..] → [.., ..] */
    squeeze: (x: Value, axis: number, name?: string) =>
      one(
        'Squeeze',
        [x, integers([axis])],
        x.type,
        x.shape.filter((_, i) => i !== axis),
        {},
        name
      ),
    expand: (x: Value, shape: readonly number[]) => one('Expand', [x, integers(shape)], x.type, shape),
    concat: (values: readonly Value[], axis: number, name?: string) => {
      const first = values[0]!;
      const shape = [...first.shape];
      shape[axis] = values.reduce((total, value) => total + fixed(value.shape[axis]!), 0);
      return one('Concat', values, first.type, shape, { axis }, name);
    },
    /** Elements start … end−1 along `axis`. */
    slice: (x: Value, axis: number, start: number, end: number) => {
      const shape = [...x.shape];
      shape[axis] = end - start;
      return one('Slice', [x, integers([start]), integers([end]), integers([axis])], x.type, shape);
    },
    /** Vectors one below the other: [N] each → [F, N], with as many nodes for a thousand of them as for two. */
    stack: (vectors: readonly Value[]) => {
      const [first] = vectors;
      const { type, shape } = first!;
      if (vectors.length === 1) return one('Unsqueeze', [first!, integers([0])], type, [1, ...shape]);
      const joined = one('Concat', vectors, type, ['all'], { axis: 0 });
      return one('Reshape', [joined, integers([vectors.length, -1])], type, [vectors.length, ...shape]);
    },
    /** Consecutive parts of a vector. */
    split: (x: Value, sizes: readonly number[]) =>
      graph.node({
        operator: 'Split',
        inputs: [x, integers(sizes)],
        outputs: sizes.map((size) => ({ type: x.type, shape: [size] })),
        attributes: { axis: 0 },
      }),
    /** Rows of `table` by number: [V, ..] and [B] → [B, ..] */
    gather: (table: Value, rows: Value) =>
      one('Gather', [table, rows], table.type, [...rows.shape, ...table.shape.slice(1)], { axis: 0 }),
    /** Zeros of [V, ..] with `updates` [B, ..] added at `rows` [B]. Only on one thread: with more it loses updates. */
    scatterAdd: (shape: readonly number[], rows: Value, updates: Value) => {
      const size = sizeOf(shape);
      const zeros = constant(
        updates.type === 'float64' ? float64(new Float64Array(size), shape) : float32(new Float32Array(size), shape)
      );
      const at = one('Unsqueeze', [rows, integers([1])], rows.type, [...rows.shape, 1]);
      return one('ScatterND', [zeros, at, updates], updates.type, shape, { reduction: 'add' });
    },
    reduceSum: (x: Value, axes: readonly number[], keepDims: boolean) => {
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const shape = keepDims ? kept : kept.filter((_, axis) => !axes.includes(axis));
      return one('ReduceSum', [x, integers(axes)], x.type, shape, { keepdims: keepDims ? 1 : 0 });
    },
    /** The position of each string in `categories` plus `firstIndex`; `otherwise` for a string that isn't there. */
    lookUp: (x: Value, categories: readonly string[], firstIndex: number, otherwise: number, name?: string) =>
      graph.node({
        operator: 'LabelEncoder',
        domain: 'ai.onnx.ml',
        inputs: [x],
        outputs: [{ type: 'int64', shape: x.shape, name }],
        attributes: {
          keys_strings: categories,
          values_int64s: categories.map((_, position) => position + firstIndex),
          default_int64: otherwise,
        },
      })[0]!,
    /** The position of each whole number in `known`; −1 for one that isn't there. */
    positionOf: (x: Value, known: readonly number[]) =>
      positionOf(
        x,
        known,
        known.map((_, position) => position)
      ),
    /** Whether each whole number is one of `known`. */
    isAnyOf: (x: Value, known: readonly number[]) =>
      comparison('Equal')(
        positionOf(
          x,
          known,
          known.map(() => 1)
        ),
        constant(int64([1], []))
      ),
    /** What of each text matches a pattern of RE2, [N] → [N, longest], with '' behind the last. */
    matches: (x: Value, pattern: string) => tokens(x, { tokenexp: pattern }),
    /** The characters of each text, [N] → [N, longest], with '' behind the last. */
    characters: (x: Value) => tokens(x, { separators: [''] }),
    /**
     * How often each n-gram stands in a row of tokens: string [N, L] → float32 [N, n-grams].
     * @param ngrams the shorter ones first
     */
    ngramCounts: (x: Value, ngrams: readonly (readonly string[])[]) => {
      const lengths = ngrams.map(({ length }) => length);
      const most = lengths.at(-1)!;
      const starts = Array.from({ length: most }, (_, at) =>
        lengths.filter((length) => length <= at).reduce((sum, length) => sum + length, 0)
      );
      return one('TfIdfVectorizer', [x], 'float32', [x.shape[0]!, ngrams.length], {
        mode: 'TF',
        min_gram_length: lengths[0]!,
        max_gram_length: most,
        max_skip_count: 0,
        ngram_counts: starts,
        ngram_indexes: lengths.map((_, at) => at),
        pool_strings: ngrams.flat(),
      });
    },
    /** How often each of the numbers 0 … count−1 stands in a row, others left out: int64 [N, L] → float32 [N, count]. */
    countsOf: (x: Value, count: number) =>
      one('TfIdfVectorizer', [x], 'float32', [x.shape[0]!, count], {
        mode: 'TF',
        min_gram_length: 1,
        max_gram_length: 1,
        max_skip_count: 0,
        ngram_counts: [0],
        ngram_indexes: Array.from({ length: count }, (_, at) => at),
        pool_int64s: Array.from({ length: count }, (_, at) => at),
      }),
    /** Of tokens, [N, L]: those of each row but the first `count`, which may be none. */
    without: (x: Value, count: number) =>
      count === 0 ? x : one('Slice', [x, integers([count]), integers([END]), integers([1])], x.type, x.shape),
    /** Those of each row but the last. */
    withoutLast: (x: Value) => one('Slice', [x, integers([0]), integers([-1]), integers([1])], x.type, x.shape),
    /** Of each row one after the other: [N, L] each → [N, their sum]. */
    beside: (values: readonly Value[]) =>
      values.length === 1 ? values[0]! : one('Concat', values, values[0]!.type, values[0]!.shape, { axis: 1 }),
    /** One text of two, with `between` between them. */
    join: (a: Value, between: string, b: Value) => {
      const two = (first: Value, second: Value) => one('StringConcat', [first, second], 'string', a.shape);
      return two(between === '' ? a : two(a, constant(strings([between]))), b);
    },
    /** MurmurHash3 (x86, 32 bits, seed 0) of each text's UTF-8: int32. */
    murmur3: (x: Value) =>
      graph.node({
        operator: 'MurmurHash3',
        domain: 'com.microsoft',
        inputs: [x],
        outputs: [{ type: 'int32', shape: x.shape }],
        attributes: { seed: 0, positive: 0 },
      })[0]!,
  };
}

/** The shape of two operands together, by NumPy's rule. */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw new Error(`[${a.join()}] and [${b.join()}] don't fit`);
    return left === 1 ? right : left;
  });
}

/** A size that must be known while the graph is built. */
export function fixed(size: Dim): number {
  if (typeof size === 'number') return size;
  throw new Error(`the size '${size}' is known at run time only`);
}

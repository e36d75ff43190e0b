/**
 * Operators whose result for a row doesn't depend on the other rows of its batch, measured at one thread (the test
 * scores the same rows alone and in batches of many sizes, and compares bits). A product is on the list where the weights on its right
 * are constant: the order in which it sums follows from those, and from the number of rows where they stand on its left. Not on the
 * list, because a vector kernel and its scalar tail differ by an ulp: Log, Exp, Sin, Cos and Softplus in float32, Elu, Selu, Mish,
 * LinearClassifier.
 */
import type { GraphProto, ModelProto, NodeProto } from './generated/onnx_pb';
import { ELEMENT_CODES } from './tensor';

export const INVARIANT: ReadonlySet<string> = new Set([
  ...[
    'Abs',
    'Add',
    'And',
    'Cast',
    'Clip',
    'Concat',
    'Div',
    'Equal',
    'Erf',
    'Expand',
    'Floor',
    'Gather',
    'Gemm',
    'Greater',
  ],
  ...['Identity', 'IsNaN', 'LessOrEqual', 'MatMul', 'Mod', 'Mul', 'Neg', 'Not', 'Or', 'Relu', 'Reshape', 'Sigmoid'],
  ...[
    'Sign',
    'Slice',
    'Sqrt',
    'Squeeze',
    'Softmax',
    'StringConcat',
    'Sub',
    'Tanh',
    'TfIdfVectorizer',
    'Transpose',
    'Unsqueeze',
    'Where',
  ],
  'ai.onnx.ml.LabelEncoder',
  'ai.onnx.ml.TreeEnsembleRegressor',
  'com.microsoft.MurmurHash3',
  'com.microsoft.Tokenizer',
]);

/** Invariant when computed in double. */
export const INVARIANT_IN_DOUBLE: ReadonlySet<string> = new Set(['Cos', 'Exp', 'Log', 'Sin']);

const PRODUCTS: ReadonlySet<string> = new Set(['Gemm', 'MatMul']);

/** Operators of the model that aren't on the list, each once, in order: a row's score may differ with its batch by an ulp or so. */
export function batchDependentOperators(model: ModelProto): readonly string[] {
  return [...new Set(batchDependentNodes(model).map((node) => node.slice(0, node.indexOf(' '))))].sort();
}

/** Nodes of the model that aren't on the list, as `operator (name)`; empty for every graph that we emit. */
export function batchDependentNodes(model: ModelProto): readonly string[] {
  const graph = model.graph;
  if (graph === undefined) return [];
  const types = elementTypes(graph);
  const constants = constantValues(graph);
  return graph.node
    .filter((node) => !isInvariant(node, types, constants))
    .map((node) => `${operatorOf(node)} (${node.name})`);
}

function isInvariant(node: NodeProto, types: ReadonlyMap<string, number>, constants: ReadonlySet<string>): boolean {
  const operator = operatorOf(node);
  if (PRODUCTS.has(operator)) return isOfRows(node, constants);
  if (operator === 'Softmax' && node.attribute.some(({ name, i }) => name === 'axis' && i === 0n)) return false;
  if (INVARIANT_IN_DOUBLE.has(operator)) return types.get(node.input[0] ?? '') === ELEMENT_CODES.float64;
  return INVARIANT.has(operator);
}

/** A product of rows, one each, with constant weights; `transA` would make columns of the rows. */
function isOfRows({ input, attribute }: NodeProto, constants: ReadonlySet<string>): boolean {
  const [, ...weights] = input.filter((name) => name !== '');
  const turned = attribute.some(({ name, i }) => name === 'transA' && i !== 0n);
  return !turned && weights.every((name) => constants.has(name));
}

/** Names of the values that are the same in every run: initializers that no input overrides, and what operators of the list make of such alone. */
function constantValues(graph: GraphProto): ReadonlySet<string> {
  const inputs = new Set(graph.input.map(({ name }) => name));
  const constants = new Set(graph.initializer.map(({ name }) => name).filter((name) => !inputs.has(name)));
  for (const node of graph.node) {
    const isConstant = node.opType === 'Constant' || INVARIANT.has(operatorOf(node));
    if (!isConstant || !node.input.every((name) => name === '' || constants.has(name))) continue;
    for (const name of node.output) constants.add(name);
  }
  return constants;
}

function operatorOf(node: NodeProto): string {
  return node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
}

/**
 * The element types that are sure: of inputs, constants and casts, and of the arithmetic that keeps its operands' type.
 * What stays unknown counts as not double.
 */
function elementTypes(graph: GraphProto): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  for (const { name, type } of graph.input) {
    if (type?.value.case === 'tensorType') types.set(name, type.value.value.elemType);
  }
  for (const { name, dataType } of graph.initializer) types.set(name, dataType);
  const keepsType = new Set([
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Abs',
    'Neg',
    'Reshape',
    'Unsqueeze',
    'Concat',
    'Gather',
    'Transpose',
    'Identity',
    'Log',
    'Exp',
  ]);
  for (const node of graph.node) {
    const cast = node.opType === 'Cast' ? node.attribute.find(({ name }) => name === 'to')?.i : undefined;
    const operand = node.opType === 'Where' ? node.input[1] : keepsType.has(node.opType) ? node.input[0] : undefined;
    const type = cast === undefined ? types.get(operand ?? '') : Number(cast);
    if (type !== undefined) for (const output of node.output) types.set(output, type);
  }
  return types;
}

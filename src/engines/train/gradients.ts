/**
 * Reverse-mode differentiation over a graph. The loss is a number L. Walking the nodes from last to first, the adjoint
 * of a value x is ∂L/∂x, with x's own shape: when a node is reached, the adjoint of its output is complete, because all
 * its readers came after it. The node's rule turns it into what the node adds to the adjoints of its inputs; a value
 * that several nodes read sums what they add.
 *
 * The nodes that compute adjoints are added to the same graph.
 */
import type { Graph, Node, Value } from '../onnx/graph';
import { fixed, type Operators, operators } from '../onnx/operators';

interface Step {
  readonly graph: Graph;
  readonly o: Operators;
  readonly node: Node;
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** ∂L/∂output */
  readonly adjoint: Value;
}

/** For each input what this node adds to its adjoint, made only when asked: most inputs lead to no parameter. */
type Rule = (step: Step) => readonly (() => Value)[];

const RULES: Readonly<Record<string, Rule>> = {
  // z = a + b
  Add: ({ o, inputs: [a, b], adjoint }) => [() => sumTo(o, adjoint, a!), () => sumTo(o, adjoint, b!)],
  // z = a − b
  Sub: ({ o, inputs: [a, b], adjoint }) => [() => sumTo(o, adjoint, a!), () => sumTo(o, o.neg(adjoint), b!)],
  // z = a · b, element by element
  Mul: ({ o, inputs: [a, b], adjoint }) => [
    () => sumTo(o, o.mul(adjoint, b!), a!),
    () => sumTo(o, o.mul(adjoint, a!), b!),
  ],
  // z = a ÷ b:  ∂z/∂a = 1 ÷ b,  ∂z/∂b = −z ÷ b
  Div: ({ o, inputs: [a, b], output, adjoint }) => [
    () => sumTo(o, o.div(adjoint, b!), a!),
    () => sumTo(o, o.neg(o.div(o.mul(adjoint, output), b!)), b!),
  ],
  // Z = A B:  ∂L/∂A = ∂L/∂Z Bᵀ,  ∂L/∂B = Aᵀ ∂L/∂Z
  MatMul: ({ o, inputs: [a, b], adjoint }) => [
    () => o.matMul(adjoint, o.transpose(b!)),
    () => o.matMul(o.transpose(a!), adjoint),
  ],
  // z = max(x, 0): its sign is 1 where x passed and 0 where it was cut
  Relu: ({ o, output, adjoint }) => [() => o.mul(adjoint, o.sign(output))],
  // z = 1 ÷ (1 + e⁻ˣ):  dz/dx = z (1 − z)
  Sigmoid: ({ o, output, adjoint }) => [() => o.mul(adjoint, o.mul(output, o.sub(one(o, output), output)))],
  // z = tanh x:  dz/dx = 1 − z²
  Tanh: ({ o, output, adjoint }) => [() => o.mul(adjoint, o.sub(one(o, output), o.mul(output, output)))],
  // z = 2 ÷ √π ∫ e^−t² from 0 to x:  dz/dx = 2 ÷ √π e^−x²
  Erf: ({ o, inputs: [x], adjoint }) => [
    () => o.mul(adjoint, o.mul(o.exp(o.neg(o.mul(x!, x!))), number(o, x!, 2 / Math.sqrt(Math.PI)))),
  ],
  // z = √x:  dz/dx = 1 ÷ 2z
  Sqrt: ({ o, output, adjoint }) => [() => o.div(o.mul(adjoint, number(o, output, 0.5)), output)],
  // z = log(1 + eˣ):  dz/dx = 1 ÷ (1 + e⁻ˣ)
  Softplus: ({ o, inputs: [x], adjoint }) => [() => o.mul(adjoint, o.sigmoid(x!))],
  // z = x − log Σ eˣ over the last axis:  ∂L/∂x = ∂L/∂z − eᶻ Σ ∂L/∂z
  LogSoftmax: ({ o, output, adjoint }) => [
    () => o.sub(adjoint, o.mul(o.exp(output), o.reduceSum(adjoint, [output.shape.length - 1], true))),
  ],
  // z = Σ x: every summand gets the sum's adjoint
  ReduceSum: ({ o, graph, inputs: [x, axes], adjoint }) => {
    const shape = x!.shape.map(fixed);
    const summed = constantIntegers(graph, axes!);
    const kept = shape.map((size, axis) => (summed.includes(axis) ? 1 : size));
    return [() => o.expand(o.reshape(adjoint, kept), shape)];
  },
  // z = parts side by side: each part gets its own columns of the adjoint
  Concat: ({ o, node, inputs, adjoint }) => {
    const axis = node.attributes.axis as number;
    let end = 0;
    return inputs.map((part) => {
      const start = end;
      end += fixed(part.shape[axis]!);
      const stop = end;
      return () => o.slice(adjoint, axis, start, stop);
    });
  },
  // z = rows of a table: rows that were read twice get both adjoints
  Gather: ({ o, inputs: [table, rows], adjoint }) => [() => o.scatterAdd(table!.shape.map(fixed), rows!, adjoint)],
};

/**
 * Adds the nodes that compute ∂loss/∂parameter, in the parameters' order, each with its parameter's shape.
 * @param loss a scalar of this graph
 * @param parameters values of this graph; what computes them isn't looked at
 * @throws Error for an operator on the way from a parameter to the loss that has no rule, and for a parameter that the
 * loss doesn't depend on
 */
export function gradients(graph: Graph, loss: Value, parameters: readonly Value[]): readonly Value[] {
  const o = operators(graph);
  const forward = [...graph.nodes];
  const trained = dependentNames(forward, parameters);
  const adjoints = new Map<string, Value>([[loss.name, one(o, loss)]]);
  for (const node of forward.reverse()) {
    const output = node.outputs[0]!;
    const adjoint = adjoints.get(output.name);
    if (adjoint === undefined || !trained.has(output.name) || parameters.includes(output)) continue;
    const rule = RULES[node.operator];
    if (rule === undefined) throw new Error(`the operator ${node.operator} (${output.name}) has no gradient`);
    rule({ graph, o, node, inputs: node.inputs, output, adjoint }).forEach((contribution, i) => {
      const { name } = node.inputs[i]!;
      if (!trained.has(name)) return;
      const others = adjoints.get(name);
      adjoints.set(name, others === undefined ? contribution() : o.add(others, contribution()));
    });
  }
  return parameters.map(({ name }) => {
    const gradient = adjoints.get(name);
    if (gradient === undefined) throw new Error(`the loss doesn't depend on the parameter '${name}'`);
    return gradient;
  });
}

/** Names of the parameters and of everything computed from them. */
function dependentNames(nodes: readonly Node[], parameters: readonly Value[]): ReadonlySet<string> {
  const names = new Set(parameters.map(({ name }) => name));
  for (const { inputs, outputs } of nodes) {
    if (inputs.some(({ name }) => names.has(name))) for (const { name } of outputs) names.add(name);
  }
  return names;
}

/** Undoes a broadcast: an operand that was repeated along an axis gets the sum over it. */
function sumTo(o: Operators, adjoint: Value, operand: Value): Value {
  const added = adjoint.shape.length - operand.shape.length;
  const leading = Array.from({ length: added }, (_, axis) => axis);
  const summed = added > 0 ? o.reduceSum(adjoint, leading, false) : adjoint;
  const repeated = operand.shape.flatMap((size, axis) => (size === 1 && summed.shape[axis] !== 1 ? [axis] : []));
  return repeated.length > 0 ? o.reduceSum(summed, repeated, true) : summed;
}

/** The scalar 1, in the element type of `like`. */
function one(o: Operators, like: Value): Value {
  return number(o, like, 1);
}

function number(o: Operators, like: Value, value: number): Value {
  return o.scalar(value, like.type === 'float64' ? 'float64' : 'float32');
}

function constantIntegers(graph: Graph, value: Value): readonly number[] {
  const constant = graph.constants.find((candidate) => candidate.value === value);
  if (constant === undefined) throw new Error(`'${value.name}' is not a constant`);
  return Array.from(constant.tensor.data as BigInt64Array, Number);
}

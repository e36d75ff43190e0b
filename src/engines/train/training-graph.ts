/**
 * Training as one ONNX graph: a Scan whose body is a step (make the batch, forward, loss, backward, Adam) and whose
 * state is what training changes. The data stay whole outside; the Scan runs over row numbers, and Gather makes each
 * batch. New row numbers are a new shuffle; a weight of 0 takes a row out of its batch. A graph run over 100 steps gives
 * the same bits as two over 50.
 */
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { type Operators, operators } from '../onnx/operators';
import { sizeOf } from '../onnx/tensor';
import { type AdamState, adam } from './adam';
import { gradients } from './gradients';
import { logit, type NetworkShape, parameterShapes } from './network';

/** State of a run. Inputs and outputs of the graph: `<name>` and `<name>:next`. */
export const STATE = ['step', 'parameters', 'mean', 'square'] as const satisfies readonly (keyof AdamState)[];

/** Inputs beside the state: data of all rows, and per step the rows [steps, B] int32 and their weights [steps, B, 1]. */
export const DATA = { dense: 'dense', labels: 'labels', rows: 'rows', weights: 'weights' } as const;
export const dataIndexName = (table: number) => `indices:${table}`;
/** Output: the mean loss of each step's batch, [steps]. */
export const LOSSES = 'losses';

export interface TrainingGraphRequest {
  readonly shape: NetworkShape;
  /** Rows of a batch. */
  readonly batch: number;
  readonly learningRate: number;
}

export function trainingGraph({ shape, batch, learningRate }: TrainingGraphRequest): Uint8Array {
  const graph = new Graph('training');
  const size = parameterShapes(shape).reduce((total, { dims }) => total + sizeOf(dims), 0);
  const state = STATE.map((name) => graph.input(name, ...stateType(name, size)));
  const data = {
    dense: shape.dense > 0 ? graph.input(DATA.dense, 'float32', ['N', shape.dense]) : undefined,
    indices: shape.tables.map((_, table) => graph.input(dataIndexName(table), 'int64', ['N'])),
    labels: graph.input(DATA.labels, 'float32', ['N', 1]),
  };
  const rows = graph.input(DATA.rows, 'int32', ['steps', batch]);
  const weights = graph.input(DATA.weights, 'float32', ['steps', batch, 1]);

  const body = stepGraph(graph, { shape, batch, learningRate }, data, size);
  const results = graph.node({
    operator: 'Scan',
    inputs: [...state, rows, weights],
    outputs: [
      ...STATE.map((name, i) => ({ name: `${name}:next`, type: state[i]!.type, shape: state[i]!.shape })),
      { name: LOSSES, type: 'float32', shape: ['steps'] },
    ],
    attributes: { body, num_scan_inputs: 2 },
  });
  for (const result of results) graph.output(result);
  return encodeModel(graph);
}

interface Data {
  readonly dense: Value | undefined;
  readonly indices: readonly Value[];
  readonly labels: Value;
}

/** The Scan's body: state, rows [B] and weights [B, 1] in; state and loss out. It reads the data from outside. */
function stepGraph(outer: Graph, request: TrainingGraphRequest, data: Data, size: number): Graph {
  const { shape, batch, learningRate } = request;
  const body = new Graph('step', outer);
  const o = operators(body);
  const [step, parameters, mean, square] = STATE.map((name) => body.input(`body:${name}`, ...stateType(name, size)));
  const rows = body.input('body:rows', 'int32', [batch]);
  const weights = body.input('body:weights', 'float32', [batch, 1]);

  const shapes = parameterShapes(shape);
  const tensors = o
    .split(
      parameters!,
      shapes.map(({ dims }) => sizeOf(dims))
    )
    .map((part, i) => o.reshape(part, shapes[i]!.dims));
  const dense = data.dense === undefined ? undefined : o.gather(data.dense, rows);
  const indices = data.indices.map((index) => o.gather(index, rows));
  const loss = crossEntropy(o, logit(o, shape, tensors, dense, indices), o.gather(data.labels, rows), weights);

  const flat = gradients(body, loss, tensors).map((gradient, i) => o.reshape(gradient, [sizeOf(shapes[i]!.dims)]));
  const state = { step: step!, parameters: parameters!, mean: mean!, square: square! };
  const next = adam(o, state, o.concat(flat, 0), learningRate);
  for (const name of STATE) body.output(next[name]);
  body.output(loss);
  return body;
}

/**
 * Binary cross-entropy of logits z and labels y, weighted and summed: Σ w (log(1 + eᶻ) − y z). Softplus is onnxruntime's,
 * which doesn't overflow.
 * @param weights [B, 1]: a row's weight ÷ the batch's rows makes it a mean
 */
function crossEntropy(o: Operators, z: Value, y: Value, weights: Value): Value {
  return o.reduceSum(o.mul(o.sub(o.softplus(z), o.mul(y, z)), weights), [0, 1], false);
}

function stateType(name: (typeof STATE)[number], size: number): ['float32' | 'float64', number[]] {
  return name === 'step' ? ['float64', []] : ['float32', [size]];
}

/**
 * Training as one ONNX graph: a Scan whose body is a step (make the batch, forward, loss, backward, optimizer) and whose
 * state is what training changes. The data stay whole outside; the Scan runs over row numbers, and Gather makes each
 * batch. New row numbers are a new shuffle; a weight of 0 takes a row out of its batch. A graph run over 100 steps gives
 * the same bits as two over 50.
 */
import { Graph, type Value } from '../onnx/graph';
import { encodeModel } from '../onnx/model';
import { operators } from '../onnx/operators';
import { float32, sizeOf } from '../onnx/tensor';
import type { NetworkSpec } from '../../domain/definition';
import { gradients } from './gradients';
import { type Head, lossOf } from './head';
import { dropped } from './layers';
import { type NetworkShape, output, type ParameterShape, parameterShapes } from './network';
import { optimized, type OptimizerSpec, type OptimizerState } from './optimizer';
import { randomStream, STREAMS } from './random';

/** State of a run. Inputs and outputs of the graph: `<name>` and `<name>:next`. */
export const STATE = ['step', 'parameters', 'mean', 'square'] as const satisfies readonly (keyof OptimizerState)[];

/** Inputs beside the state: data of all rows, and per step the rows [steps, B] int32, their weights [steps, B, 1] and the step size [steps] float64. */
export const DATA = { dense: 'dense', labels: 'labels', rows: 'rows', weights: 'weights', rates: 'rates' } as const;
export const dataIndexName = (table: number) => `indices:${table}`;
/** Output: the mean loss of each step's batch, [steps]. */
export const LOSSES = 'losses';

export interface TrainingGraphRequest {
  readonly shape: NetworkShape;
  readonly head: Head;
  /** Rows of a batch. */
  readonly batch: number;
  readonly spec: OptimizerSpec & Pick<NetworkSpec, 'dropout' | 'seed'>;
}

export function trainingGraph(request: TrainingGraphRequest): Uint8Array {
  const { shape, batch } = request;
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
  const rates = graph.input(DATA.rates, 'float64', ['steps']);

  const body = stepGraph(graph, request, data, size);
  const results = graph.node({
    operator: 'Scan',
    inputs: [...state, rows, weights, rates],
    outputs: [
      ...STATE.map((name, i) => ({ name: `${name}:next`, type: state[i]!.type, shape: state[i]!.shape })),
      { name: LOSSES, type: 'float32', shape: ['steps'] },
    ],
    attributes: { body, num_scan_inputs: 3 },
  });
  for (const result of results) graph.output(result);
  return encodeModel(graph);
}

interface Data {
  readonly dense: Value | undefined;
  readonly indices: readonly Value[];
  readonly labels: Value;
}

/** The Scan's body: state, rows [B], weights [B, 1] and step size in; state and loss out. It reads the data from outside. */
function stepGraph(outer: Graph, request: TrainingGraphRequest, data: Data, size: number): Graph {
  const { shape, head, batch, spec } = request;
  const body = new Graph('step', outer);
  const o = operators(body);
  const [step, parameters, mean, square] = STATE.map((name) => body.input(`body:${name}`, ...stateType(name, size)));
  const rows = body.input('body:rows', 'int32', [batch]);
  const weights = body.input('body:weights', 'float32', [batch, 1]);
  const rate = body.input('body:rate', 'float64', []);

  const shapes = parameterShapes(shape);
  const tensors = o
    .split(
      parameters!,
      shapes.map(({ dims }) => sizeOf(dims))
    )
    .map((part, i) => o.reshape(part, shapes[i]!.dims));
  const dense = data.dense === undefined ? undefined : o.gather(data.dense, rows);
  const indices = data.indices.map((index) => o.gather(index, rows));
  const drop = (x: Value, layer: number) =>
    spec.dropout === 0 ? x : dropped(o, x, { share: spec.dropout, step: step!, seed: dropoutSeed(spec.seed, layer) });
  const z = output(o, shape, tensors, dense, indices, drop);
  const loss = lossOf(o, head, z, o.gather(data.labels, rows), weights);

  const flat = gradients(body, loss, tensors).map((gradient, i) => o.reshape(gradient, [sizeOf(shapes[i]!.dims)]));
  const state = { step: step!, parameters: parameters!, mean: mean!, square: square! };
  const decays = () => o.constant(float32(decaying(shapes, size)));
  const next = optimized(o, spec, state, { gradient: o.concat(flat, 0), rate, decays });
  for (const name of STATE) body.output(next[name]);
  body.output(loss);
  return body;
}

function dropoutSeed(seed: number, layer: number): number {
  return randomStream(seed, STREAMS.dropout, layer)();
}

/** [P]: 1 for what decays. */
function decaying(shapes: readonly ParameterShape[], size: number): Float32Array {
  const mask = new Float32Array(size);
  let from = 0;
  for (const { dims, decays } of shapes) {
    const to = from + sizeOf(dims);
    if (decays) mask.fill(1, from, to);
    from = to;
  }
  return mask;
}

function stateType(name: (typeof STATE)[number], size: number): ['float32' | 'float64', number[]] {
  return name === 'step' ? ['float64', []] : ['float32', [size]];
}

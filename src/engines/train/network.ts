/**
 * The built-in network: embeddings beside the dense features, hidden layers, last numbers. The same function adds its nodes to the
 * training graph and to the model's.
 */
import type { EmbeddingTable } from '../features/fitted';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { sizeOf } from '../onnx/tensor';
import { activate, type LayerForm, normalized, PLAIN } from './layers';
import { randomStream, STREAMS, uniform } from './random';

export interface NetworkShape {
  /** Dense features. */
  readonly dense: number;
  readonly tables: readonly EmbeddingTable[];
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Last numbers: one, or a logit for each class. */
  readonly outputs: number;
  /** Of the hidden layers; default: ReLU alone. */
  readonly form?: LayerForm;
}

export interface ParameterShape {
  readonly name: string;
  readonly dims: readonly number[];
  /** Its first values are uniform within ± this, around `start`. */
  readonly limit: number;
  /** Default 0. */
  readonly start?: number;
  /** Whether weight decay draws it to 0. */
  readonly decays: boolean;
}

/** Embeddings start small beside the dense features. */
const EMBEDDING_LIMIT = 0.05;

/** The network's parameters: tables, then weights and biases layer by layer. */
export function parameterShapes(shape: NetworkShape): readonly ParameterShape[] {
  const tables = shape.tables.map(({ column, rows, width }) => ({
    name: `embedding:${column}`,
    dims: [rows, width],
    limit: EMBEDDING_LIMIT,
    decays: true,
  }));
  const { initialWeights, normalization } = shape.form ?? PLAIN;
  let fanIn = shape.dense + shape.tables.reduce((total, { width }) => total + width, 0);
  const layers = [...shape.hidden, shape.outputs].flatMap((units, layer) => {
    // Glorot & Bengio (2010), eq. 16. He's √(6 / fan in) costs 12 % of log loss on dense data at equal epochs.
    const limit = Math.sqrt(6 / (initialWeights === 'he' ? fanIn : fanIn + units));
    const weights = { name: `weights:${layer}`, dims: [fanIn, units], limit, decays: true };
    fanIn = units;
    const biases = { name: `biases:${layer}`, dims: [units], limit: 0, decays: false };
    if (normalization === 'none' || layer === shape.hidden.length) return [weights, biases];
    const gain = { name: `gain:${layer}`, dims: [units], limit: 0, start: 1, decays: false };
    return [weights, biases, gain, { name: `shift:${layer}`, dims: [units], limit: 0, decays: false }];
  });
  return [...tables, ...layers];
}

/** The first values of all parameters, one after the other. A table's row 0, the unknown category, starts at 0. */
export function initialParameters(shapes: readonly ParameterShape[], seed: number): Float32Array {
  const values = new Float32Array(shapes.reduce((total, { dims }) => total + sizeOf(dims), 0));
  let offset = 0;
  shapes.forEach(({ name, dims, limit, start }, index) => {
    const part = uniform(randomStream(seed, STREAMS.parameters, index), sizeOf(dims), limit);
    if (name.startsWith('embedding:')) part.fill(0, 0, dims[1]);
    if (start !== undefined) part.fill(start);
    values.set(part, offset);
    offset += part.length;
  });
  return values;
}

/**
 * @param parameters one value for each of `parameterShapes`
 * @param dense float32 [B, K]; absent when every feature is an embedding
 * @param indices int64 [B] for each table
 * @param drop leaves out some of a hidden layer's numbers: in training
 * @returns the last numbers, float32 [B, outputs]: what they mean is the head's
 */
export function output(
  o: Operators,
  shape: NetworkShape,
  parameters: readonly Value[],
  dense: Value | undefined,
  indices: readonly Value[],
  drop: (x: Value, layer: number) => Value = (x) => x
): Value {
  const { activation, normalization, residual } = shape.form ?? PLAIN;
  const names = parameterShapes(shape).map(({ name }) => name);
  const at = (name: string) => parameters[names.indexOf(name)]!;
  const embedded = shape.tables.map((_, i) => o.gather(parameters[i]!, indices[i]!));
  const parts = dense === undefined ? embedded : [...embedded, dense];
  let x = parts.length === 1 ? parts[0]! : o.concat(parts, 1);
  shape.hidden.forEach((_, layer) => {
    const sums = o.add(o.matMul(x, at(`weights:${layer}`)), at(`biases:${layer}`));
    const own = normalization === 'none' ? sums : normalized(o, sums, at(`gain:${layer}`), at(`shift:${layer}`));
    const given = drop(activate(o, activation, own), layer);
    x = residual && given.shape[1] === x.shape[1] ? o.add(x, given) : given;
  });
  const last = shape.hidden.length;
  return o.add(o.matMul(x, at(`weights:${last}`)), at(`biases:${last}`));
}

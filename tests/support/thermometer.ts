/** A model that needs no training: it thinks of heat alone. */
import { Graph } from '../../src/engines/onnx/graph';
import { encodeModel } from '../../src/engines/onnx/model';
import { operators } from '../../src/engines/onnx/operators';
import { float32 } from '../../src/engines/onnx/tensor';

export interface Thermometer {
  /** It fails at rows of that heat and more, as a table too short does. */
  readonly upTo?: number;
  /** The logit x as softplus(x) − softplus(−x), which is computed otherwise in batches of another size. */
  readonly byBatch?: boolean;
}

/** probability = sigmoid(celsius − threshold) */
export function thermometer(threshold: number, { upTo, byBatch = false }: Thermometer = {}): Uint8Array {
  const graph = new Graph('model');
  const o = operators(graph);
  const celsius = graph.input('celsius', 'float64', ['N']);
  const heat = o.cast(celsius, 'float32');
  const logit = o.sub(heat, o.constant(float32([threshold], [1]), 'threshold'));
  const looked = upTo === undefined ? logit : o.add(logit, o.gather(zeros(upTo), o.cast(celsius, 'int64')));
  const soft = byBatch ? o.sub(o.softplus(looked), o.softplus(o.neg(looked))) : looked;
  const column = o.unsqueeze(o.sigmoid(soft), 1);
  graph.output(o.squeeze(column, 1, 'probability'));
  return encodeModel(graph);

  function zeros(length: number) {
    return o.constant(float32(Array<number>(length).fill(0), [length]), 'zeros');
  }
}

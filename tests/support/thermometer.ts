/** A model that needs no training: it thinks of heat alone. */
import { Graph } from '../../src/engines/onnx/graph';
import { encodeModel } from '../../src/engines/onnx/model';
import { operators } from '../../src/engines/onnx/operators';
import { float32 } from '../../src/engines/onnx/tensor';

/** probability = sigmoid(celsius − threshold). With `upTo`, it fails at rows of that heat and more, as a table too short does. */
export function thermometer(threshold: number, upTo?: number): Uint8Array {
  const graph = new Graph('model');
  const o = operators(graph);
  const celsius = graph.input('celsius', 'float64', ['N']);
  const heat = o.cast(celsius, 'float32');
  const logit = o.sub(heat, o.constant(float32([threshold], [1]), 'threshold'));
  const looked = upTo === undefined ? logit : o.add(logit, o.gather(zeros(upTo), o.cast(celsius, 'int64')));
  const column = o.unsqueeze(o.sigmoid(looked), 1);
  graph.output(o.squeeze(column, 1, 'probability'));
  return encodeModel(graph);

  function zeros(length: number) {
    return o.constant(float32(Array<number>(length).fill(0), [length]), 'zeros');
  }
}

/**
 * The curve of an isotonic calibrator as nodes, for which ONNX has no operator: a tree finds the interval of a logit, tables its ends,
 * and the rate is between theirs. A higher logit never gets a lower rate, to the bit.
 */
import type { Graph, Value } from '../../onnx/graph';
import type { Operators } from '../../onnx/operators';
import { float32 } from '../../onnx/tensor';
import { addEnsemble } from '../../trees/ensemble-node';
import type { LeafNode, SplitNode, Tree } from '../../trees/tree';
import type { Isotonic } from './calibrator';

/**
 * @param z float32 [N, 1]
 * @returns float32 [N, 1]; NaN of NaN
 */
export function isotonicRates(graph: Graph, o: Operators, { logits, rates }: Isotonic, z: Value): Value {
  const curve = float32s(rates);
  // Level outside; what is compared as not less keeps NaN.
  const least = o.scalar(logits[0]!);
  const most = o.scalar(logits.at(-1)!);
  const above = o.where(o.lessOrEqual(z, least), least, z);
  const x = o.where(o.lessOrEqual(most, above), most, above);

  const intervals = Math.max(1, logits.length - 1);
  const ends = Array.from({ length: intervals }, (_, at) => [at, Math.min(at + 1, logits.length - 1)] as const);
  const bounds = float32s(logits.slice(1, -1));
  const found = addEnsemble(graph, x, { start: [0], bounds: [bounds], trees: [searchTree(intervals)] });
  const interval = o.cast(found, 'int64');
  const table = (of: (low: number, high: number) => number) =>
    o.gather(o.constant(float32(Float32Array.from(ends, ([low, high]) => of(low, high)))), interval);

  const low = table((from) => logits[from]!);
  const width = table((from, to) => (from === to ? 1 : logits[to]! - logits[from]!));
  const rise = table((from, to) => curve[to]! - curve[from]!);
  const share = o.div(o.sub(x, low), width);
  const rate = o.add(
    table((from) => curve[from]!),
    o.mul(rise, share)
  );
  // Rounding may reach beyond the interval's end.
  const top = table((_, to) => curve[to]!);
  return o.where(o.lessOrEqual(top, rate), top, rate);
}

/** Which of so many intervals: bin i of the bounds ends interval i. */
function searchTree(intervals: number): Tree {
  const nodes: (SplitNode | LeafNode)[] = [];
  const add = (first: number, last: number): number => {
    const place = nodes.length;
    nodes.push({ value: first });
    if (first === last) return place;
    const bin = Math.floor((first + last) / 2);
    const left = add(first, bin);
    const right = add(bin + 1, last);
    nodes[place] = { column: 0, bin, missingLeft: false, left, right };
    return place;
  };
  add(0, intervals - 1);
  return nodes;
}

function float32s(values: readonly number[]): Float32Array {
  return Float32Array.from(values);
}

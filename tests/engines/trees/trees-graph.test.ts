import { batchDependentNodes } from '../../../src/engines/onnx/batch-invariant';
import { Graph } from '../../../src/engines/onnx/graph';
import { decodeModel, encodeModel } from '../../../src/engines/onnx/model';
import { openSession } from '../../../src/engines/onnx/session';
import { float32 } from '../../../src/engines/onnx/tensor';
import { trainTrees } from '../../../src/engines/trees/train-trees';
import { addEnsemble } from '../../../src/engines/trees/ensemble-node';
import type { Ensemble } from '../../../src/engines/trees/tree';
import { recordingContext } from '../train/small-run';
import { request, smallColumns } from './small-trees';

function modelOf(ensemble: Ensemble): Uint8Array {
  const graph = new Graph('trees');
  const dense = graph.input('dense', 'float32', ['N', ensemble.bounds.length]);
  graph.output(addEnsemble(graph, dense, ensemble));
  return encodeModel(graph);
}

async function scored(ensemble: Ensemble, dense: Float32Array): Promise<Float32Array> {
  const width = ensemble.bounds.length;
  const session = await openSession(modelOf(ensemble));
  try {
    const results = await session.run({ dense: float32(dense, [dense.length / width, width]) });
    return results[session.outputs[0]!]!.data as Float32Array;
  } finally {
    await session.close();
  }
}

/** A tree by the rule of the operator: x ≤ bound, and NaN by its own flag. */
function walked({ start, bounds, trees }: Ensemble, row: Float32Array): number {
  let score = start[0]!;
  for (const tree of trees) {
    let node = tree[0]!;
    while ('column' in node) {
      const value = row[node.column]!;
      const goesLeft = Number.isNaN(value) ? node.missingLeft : value <= bounds[node.column]![node.bin]!;
      node = tree[goesLeft ? node.left : node.right]!;
    }
    score += node.value;
  }
  return score;
}

const SCALE = new DataView(new ArrayBuffer(4));
function neighbour(value: number, step: 1 | -1): number {
  SCALE.setFloat32(0, value);
  SCALE.setInt32(0, SCALE.getInt32(0) + (value < 0 ? -step : step));
  return SCALE.getFloat32(0);
}

test('onnxruntime compares with the very float32 that training compared with, and sends missing numbers where it did', async () => {
  const { ensemble } = await trainTrees(request(smallColumns(3000), { rounds: 1, depth: 6 }), recordingContext());
  const splits = ensemble.trees[0]!.flatMap((node) => ('column' in node ? [node] : []));
  expect(splits.length).toBeGreaterThan(20);
  const middle = [0, 0, 0.5, 0.5, 2];
  const rows = splits.flatMap(({ column, bin }) => {
    const bound = ensemble.bounds[column]![bin]!;
    const values = [bound, neighbour(bound, 1), neighbour(bound, -1), Number.NaN].filter(
      (x) => !Math.abs(x) || x < 1e30
    );
    return values.map((value) => middle.map((other, i) => (i === column ? value : other)));
  });
  const dense = Float32Array.from(rows.flat());
  // Of one tree: nothing is summed but the start and a leaf.
  const expected = rows.map((row) => Math.fround(walked(ensemble, Float32Array.from(row))));
  expect([...(await scored(ensemble, dense))]).toEqual(expected);
});

test('the scores of many trees are those of training, to the rounding of float32', async () => {
  const data = smallColumns(2000);
  const { ensemble } = await trainTrees(request(data, { rounds: 80, learningRate: 0.1 }), recordingContext());
  const scores = await scored(ensemble, data.dense);
  scores.forEach((score, row) => {
    const own = walked(ensemble, data.dense.subarray(5 * row, 5 * row + 5));
    expect(Math.abs(score - own)).toBeLessThan(2e-6 * Math.max(1, Math.abs(own)));
  });
  expect(batchDependentNodes(decodeModel(modelOf(ensemble)))).toEqual([]);
});

/** Our turn: the engine as the job calls it; the scores are onnxruntime's, of the model's own nodes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph } from '../../src/engines/onnx/graph';
import { encodeModel } from '../../src/engines/onnx/model';
import { openSession } from '../../src/engines/onnx/session';
import { bytesOf, float32 } from '../../src/engines/onnx/tensor';
import { LOGISTIC } from '../../src/engines/train/loss';
import { trainTrees } from '../../src/engines/trees/train-trees';
import { addEnsemble } from '../../src/engines/trees/ensemble-node';

async function main(folder: string): Promise<void> {
  const { columns, threads } = JSON.parse(readFileSync(join(folder, 'work.json'), 'utf8')) as Work;
  const floats = (name: string) => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const labels = floats('train-labels.f32');
  const data = { rows: labels.length, width: columns, dense: floats('train-features.f32'), labels };
  const spec = { rounds: 100, depth: 6, learningRate: 0.1, minWeight: 1, l2: 1, rowShare: 1, columnShare: 1 };
  const trees = { ...spec, patience: 100, seed: 1 };
  const context = { folder, progress: () => undefined, checkpoint: () => undefined };
  const began = performance.now();
  const { ensemble } = await trainTrees({ data, trees, loss: LOGISTIC }, context, { threads, checkpointEveryMs: 1e9 });
  process.stdout.write(String((performance.now() - began) / 1000));

  const graph = new Graph('trees');
  graph.output(addEnsemble(graph, graph.input('dense', 'float32', ['N', columns]), ensemble));
  const session = await openSession(encodeModel(graph));
  const test = floats('test-features.f32');
  const results = await session.run({ dense: float32(test, [test.length / columns, columns]) });
  writeFileSync(join(folder, 'scores.f32'), bytesOf(results[session.outputs[0]!]!.data));
  await session.close();
}

interface Work {
  readonly columns: number;
  readonly threads: number;
}

void main(process.argv[2]!);

/** Our linear model: the engine as the job calls it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainLinear } from '../../src/engines/linear/train-linear';
import { bytesOf } from '../../src/engines/onnx/tensor';

async function main(folder: string): Promise<void> {
  const { columns } = JSON.parse(readFileSync(join(folder, 'work.json'), 'utf8')) as { readonly columns: number };
  const floats = (name: string) => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const labels = floats('train-labels.f32');
  const data = { rows: labels.length, width: columns, dense: floats('train-features.f32'), labels };
  const linear = { l1: 0, l2: 1, poisson: false, steps: 500, tolerance: 1e-4 };
  const context = { folder, progress: () => undefined, checkpoint: () => undefined };
  const began = performance.now();
  const { parameters } = await trainLinear({ data, task: 'binary', linear }, context);
  process.stdout.write(String((performance.now() - began) / 1000));
  writeFileSync(join(folder, 'weights.f64'), bytesOf(parameters));
}

void main(process.argv[2]!);

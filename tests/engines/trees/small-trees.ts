/** Rows that trees can learn, some of whose numbers are missing. */
import type { TreesSpec } from '../../../src/domain/definition';
import { LOGISTIC } from '../../../src/engines/train/loss';
import type { LabelledColumns, TreesRequest } from '../../../src/engines/trees/train-trees';
import { randomStream } from '../../../src/engines/train/random';

export const SPEC: TreesSpec = {
  rounds: 12,
  depth: 4,
  learningRate: 0.3,
  minWeight: 1,
  l2: 1,
  rowShare: 1,
  columnShare: 1,
  patience: 100,
  seed: 3,
};

/** Column 0 counts, 1 interacts with it, 2 is missing where that says something, 3 and 4 are noise. */
export function smallColumns(rows: number, seed = 1): LabelledColumns {
  const random = randomStream(seed, 98, 0);
  const share = () => random() / 2 ** 32;
  const dense = new Float32Array(rows * 5);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const [a, b, c, d, e] = [share() * 4 - 2, share() * 4 - 2, share(), share(), Math.floor(share() * 6)];
    const missing = share() < 0.2;
    dense.set([a, b, missing ? Number.NaN : c, d, e], row * 5);
    const rate = 0.15 + (a > 0.3 ? 0.3 : 0) + (a * b > 0.5 ? 0.2 : 0) + (missing ? 0.25 : 0);
    labels[row] = share() < rate ? 1 : 0;
  }
  return { rows, width: 5, dense, labels };
}

export function request(data: LabelledColumns, trees: Partial<TreesSpec> = {}): TreesRequest {
  return { data, trees: { ...SPEC, ...trees }, loss: LOGISTIC };
}

export function columnsOf(columns: readonly (readonly number[])[], labels: readonly number[]): LabelledColumns {
  const [rows, width] = [labels.length, columns.length];
  const dense = Float32Array.from({ length: rows * width }, (_, at) => columns[at % width]![Math.floor(at / width)]!);
  return { rows, width, dense, labels: Float32Array.from(labels) };
}

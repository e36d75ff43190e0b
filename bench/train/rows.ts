/** The rows of `npm run bench -- train`, as files of little-endian float32 that each learner reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../src/engines/train/random';

export const COLUMNS = 28;
const STREAM = 50;

/** Normal numbers; the label depends on products of neighbours, on sines, and on chance. */
export function writeRows(folder: string, name: string, rows: number, seed: number): void {
  const random = randomStream(seed, STREAM, 0);
  const share = () => (random() + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(share())) * Math.cos(2 * Math.PI * share());
  const features = new Float32Array(rows * COLUMNS);
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const own = features.subarray(row * COLUMNS, (row + 1) * COLUMNS);
    for (let column = 0; column < COLUMNS; column += 1) own[column] = normal();
    const signal = own.reduce((sum, value, at) => {
      const before = own[(at + COLUMNS - 1) % COLUMNS]!;
      return sum + (at % 3 === 0 ? 0.5 * value * before : 0.3 * Math.sin(value * (at % 5)));
    }, 0);
    labels[row] = signal + normal() > 0 ? 1 : 0;
  }
  writeFileSync(join(folder, `${name}-features.f32`), features);
  writeFileSync(join(folder, `${name}-labels.f32`), labels);
}

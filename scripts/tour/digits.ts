/** The handwritten digits of scikit-learn as JSON Lines: the 64 numbers of an image are one value, and the digit is a name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { pythonFile } from './python';

const NAMES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

export async function writeDigits(file: string): Promise<void> {
  const packed = await pythonFile('sklearn/datasets/data/digits.csv.gz');
  const rows = gunzipSync(readFileSync(packed)).toString().trim().split('\n');
  const lines = rows.map((row) => {
    const numbers = row.split(',').map(Number);
    return JSON.stringify({ pixels: numbers.slice(0, 64), digit: NAMES[numbers[64]!] });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
}

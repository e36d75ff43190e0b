/** The catalogue of errors, the page that explains it, and the code that throws them say the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '../../src/domain/errors';
import { packageRoot } from '../../src/runtime/package-root';

const ROW = /^\| `(MLOPS_[A-Z_]+)` \| (.+) \| (retry|operator|caller) \| (.+) \|$/;

function explained(): string[][] {
  const lines = readFileSync(join(packageRoot(), 'docs', 'errors.md'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('| `')).map((line) => [...(ROW.exec(line) ?? [line])].slice(1));
}

test('docs/errors.md explains every code and no other, in the catalogue’s order, with who acts', () => {
  expect(explained().map(([code, , who]) => [code, who])).toEqual(Object.entries(ERRORS));
});

test('no code is in the catalogue that nothing throws', () => {
  const source = ['src', 'scripts'].map((room) => sourceOf(join(packageRoot(), room))).join('\n');
  expect(Object.keys(ERRORS).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

/** All TypeScript below a folder, without the catalogue itself. */
function sourceOf(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'errors.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** README's three files are what a user copies: they compile against the package, and the project is one (system/readme runs it). */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';
import { writeReadmeFiles } from '../support/readme-files';

let folder: string;

beforeAll(() => {
  folder = writeReadmeFiles('readme');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { noEmit: true, rootDir: '../..' },
      include: ['*.ts'],
    })
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('README has at most 900 words', () => {
  const words = readFileSync(join(packageRoot(), 'README.md'), 'utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
  expect(words.length).toBeLessThanOrEqual(900);
});

test('they compile', () => {
  const tsc = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  expect(execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })).toBe('');
});

test('mlops check finds no mistake in the project', () => {
  const checked = execFileSync(
    process.execPath,
    [builtFile('src', 'cli', 'mlops.js'), 'check', join(folder, 'project.ts'), '--json'],
    { encoding: 'utf8' }
  );
  expect(JSON.parse(checked)).toMatchObject({ digest: expect.stringMatching(/^sha256:/) as unknown });
});

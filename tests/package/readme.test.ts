/** README's three files are what a user copies: they compile against the package, and the project is one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile, packageRoot } from '../../src/package-root';

// Within the package, so that it finds itself by its own name.
const folder = join(packageRoot(), '.stack', 'readme');
const NAMES = ['project.ts', 'workflows.ts', 'worker.ts'];

beforeAll(() => {
  const blocks = [...readFileSync(join(packageRoot(), 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
    ([, code]) => code as string
  );
  if (blocks.length !== NAMES.length) throw new Error(`README has ${blocks.length} blocks of TypeScript`);
  mkdirSync(folder, { recursive: true });
  for (const [index, name] of NAMES.entries()) writeFileSync(join(folder, name), blocks[index] as string);
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

test('they compile', () => {
  const tsc = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  expect(execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })).toBe('');
}, 60_000);

test('mlops check finds no mistake in the project', () => {
  const checked = execFileSync(
    process.execPath,
    [builtFile('scripts', 'mlops.js'), 'check', join(folder, 'project.ts'), '--json'],
    { encoding: 'utf8' }
  );
  expect(JSON.parse(checked)).toMatchObject({ digest: expect.stringMatching(/^sha256:/) as unknown });
}, 60_000);

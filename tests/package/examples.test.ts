/** The examples in the docstrings of what users implement compile against the package's types. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';

const IMPLEMENTED = ['Reader', 'Labeler', 'Trainer', 'Metric', 'Notifier', 'RegisteredCode'];

/** The example in front of each `export interface`. */
function examples(): ReadonlyMap<string, string> {
  const text = readFileSync(join(packageRoot(), 'src', 'project', 'registry.ts'), 'utf8');
  const found = text.matchAll(/\* @example\n((?: \*.*\n)+?) \*\/\nexport interface (\w+)/g);
  return new Map([...found].map(([, code, name]) => [name!, code!.replace(/^ \* ?/gm, '')]));
}

test('every type that users implement has an example, and they compile together', () => {
  const shown = examples();
  expect([...shown.keys()]).toEqual(IMPLEMENTED);
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  try {
    writeFileSync(
      join(folder, 'examples.ts'),
      [
        "import { execFile } from 'node:child_process';",
        "import { once } from 'node:events';",
        "import { createWriteStream } from 'node:fs';",
        "import { join } from 'node:path';",
        "import { promisify } from 'node:util';",
        `import type { ${IMPLEMENTED.join(', ')}, Row } from 'temporal-mlops';`,
        ...shown.values(),
        'export { sensors, forest, caught };',
      ].join('\n')
    );
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ target: 'es2022', lib: ['es2023'], module: 'node20', strict: true, noEmit: true, skipLibCheck: true },
          types: ['node'],
          typeRoots: [join(packageRoot(), 'node_modules', '@types')],
          paths: { 'temporal-mlops': [builtFile('src', 'index.d.ts')] },
        },
        files: ['examples.ts'],
      })
    );
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
    expect(() => {
      try {
        execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
      } catch (error) {
        throw new Error((error as { readonly stdout: string }).stdout);
      }
    }).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

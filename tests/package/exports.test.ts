/** What the package shows to others: its entries, the workflows' bundle, and what each may pull in. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { builtFile, packageRoot } from '../../src/runtime/package-root';

function inNode(code: string): unknown {
  return JSON.parse(execFileSync(process.execPath, ['-e', code], { cwd: packageRoot(), encoding: 'utf8' }));
}

test.each([
  ['temporal-mlops', ['ERRORS', 'MlopsError', 'MlopsPlugin', 'defineProject']],
  ['temporal-mlops/client', ['ERRORS', 'MlopsClient', 'MlopsError']],
  [
    'temporal-mlops/workflows',
    [
      'approve',
      'deliverNotice',
      'deploy',
      'evaluate',
      'housekeeping',
      'ingest',
      'label',
      'lifecycle',
      'materialize',
      'monitor',
      'reproduce',
      'sendTrigger',
      'study',
      'train',
    ],
  ],
])('%s exports exactly this', (entry, names) => {
  expect(inNode(`console.log(JSON.stringify(Object.keys(require('${entry}')).sort()))`)).toEqual(names);
});

test('temporal-mlops/records can be read without Temporal', () => {
  const loaded = inNode(
    `require('temporal-mlops/records'); console.log(JSON.stringify(Object.keys(require.cache)))`
  ) as string[];
  expect(loaded.filter((file) => /@temporalio\/(worker|client|core-bridge)|onnxruntime-node/.test(file))).toEqual([]);
});

test('the client loads no native code', () => {
  const loaded = inNode(
    `require('temporal-mlops/client'); console.log(JSON.stringify(Object.keys(require.cache)))`
  ) as string[];
  expect(
    loaded.filter((file) =>
      /\.node$|@temporalio\/(worker|core-bridge)|onnxruntime-node|@duckdb|mongodb|minio/.test(file)
    )
  ).toEqual([]);
});

test.each([
  ...['retrain', 'apply', 'retry', 'skip', 'pause', 'unpause', 'stop', 'rollback', 'deploy', 'setClock'],
  ...['stopStudy', 'extendStudy'],
])('the declaration of client.%s says what it waits for, what it throws and that it counts once', (method) => {
  const declared = readFileSync(builtFile('src', 'client.d.ts'), 'utf8');
  const [before = ''] = declared.split(new RegExp(`^ +${method}\\(`, 'm'));
  const comment = before.slice(before.lastIndexOf('/**'));
  for (const part of ['Waits until ', '`message.id`', '@throws MlopsError MLOPS_']) expect(comment).toContain(part);
  expect(comment.trimEnd()).toMatch(/\*\/$/);
});

test('the workflow bundle holds no zod and no node module, and is at most 1.8 MB', () => {
  const bundle = readFileSync(builtFile('build', 'workflow-bundle.js'), 'utf8');
  // The source map is inlined for the sandbox's stack traces; it isn't evaluated for each workflow.
  const code = bundle.replace(/\/\/# sourceMappingURL=.*/s, '');
  expect(Buffer.byteLength(code)).toBeLessThanOrEqual(1.8e6);
  expect(code).not.toMatch(/zod/i);
  expect(code).not.toMatch(/require\("node:/);
});

test('packed, it holds what it exports and none of the tests', () => {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    exports: Record<string, { default?: string; types?: string } | string>;
  };
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  ) as [{ files: { path: string }[] }];
  const files = packed[0].files.map((file) => file.path);
  const wanted = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : [entry.default ?? '', entry.types ?? '']
  );
  for (const file of wanted) expect(files).toContain(file.replace(/^\.\//, ''));
  expect(files.filter((file) => file.startsWith('tests/') || file.startsWith('src/'))).toEqual([]);
  expect(brokenLinks(files)).toEqual([]);
});

/** Links of packed pages to files that aren't packed; a folder is one with a packed README. */
function brokenLinks(files: readonly string[]): string[] {
  return files
    .filter((file) => file.endsWith('.md'))
    .flatMap((page) =>
      [...readFileSync(join(packageRoot(), page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(
        ([, target = '']) => ({ page, target: posix.join(posix.dirname(page), target) })
      )
    )
    .filter(({ target }) => !files.includes(target) && !files.includes(posix.join(target, 'README.md')))
    .map(({ page, target }) => `${page}: ${target}`);
}

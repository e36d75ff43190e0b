import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { observe } from '../../../src/engines/tables/observe';
import { isNamedBy } from '../../../src/domain/path-pattern';
import { sourcePaths } from '../../../src/engines/tables/source-paths';
import { type TestFolder, testFolder } from './files';

let outside: TestFolder;
let folder: string;
beforeEach(() => {
  outside = testFolder();
  folder = join(outside.path, 'data');
  mkdirSync(folder);
});
afterEach(() => outside.remove());

function make(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'a\n1\n');
  }
}

const FILES = [
  'a.csv',
  'b.csv',
  'b.csv.gz',
  '.hidden.csv',
  'in/c.csv',
  'in/deep/d.csv',
  'in/.git/e.csv',
  'site=north/f.csv',
  'x[1].csv',
  'x1.csv',
];

test.each<[string, readonly string[]]>([
  ['a.csv', ['a.csv']],
  ['gone.csv', ['gone.csv']],
  ['x[1].csv', ['x[1].csv']],
  ['*.csv', ['a.csv', 'b.csv', 'x1.csv', 'x[1].csv']],
  ['x[*].csv', ['x[1].csv']],
  ['b.*', ['b.csv', 'b.csv.gz']],
  ['.*.csv', ['.hidden.csv']],
  ['in/*.csv', ['in/c.csv']],
  ['*/*.csv', ['in/c.csv', 'site=north/f.csv']],
  ['**/*.csv', ['a.csv', 'b.csv', 'in/c.csv', 'in/deep/d.csv', 'site=north/f.csv', 'x1.csv', 'x[1].csv']],
  ['in/**', ['in/c.csv', 'in/deep/d.csv']],
  ['in/**/d.csv', ['in/deep/d.csv']],
  ['**/**/d.csv', ['in/deep/d.csv']],
])('%s names its files, in order', async (path, files) => {
  make(...FILES);
  expect(await sourcePaths(folder, path, 100)).toEqual(files);
  for (const file of FILES) expect([file, isNamedBy(path, file)]).toEqual([file, files.includes(file)]);
});

test('what a path names when it is looked up is what it names when it is asked about', async () => {
  const name = fc.constantFrom('a', 'b', '.c', 'a.b', 'x=1');
  const wild = fc.constantFrom('a', 'b', '*', '**', 'a*', '*b', '.*');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 6,
        selector: (path) => path.join('/'),
      }),
      fc.array(wild, { minLength: 1, maxLength: 3 }),
      async (paths, segments) => {
        const own = testFolder();
        // Folders end in +, so that no file stands where a folder has to.
        const files = paths.map((path) => path.map((each, at) => (at < path.length - 1 ? `${each}+` : each)).join('/'));
        const pattern = segments
          .map((each, at) => (at < segments.length - 1 && each !== '**' ? `${each}+` : each))
          .join('/');
        for (const file of files) {
          mkdirSync(dirname(join(own.path, file)), { recursive: true });
          writeFileSync(join(own.path, file), 'x');
        }
        const found = await sourcePaths(own.path, pattern, 100).catch(() => []);
        own.remove();
        const asked = files.filter((file) => isNamedBy(pattern, file)).sort();
        expect(pattern.includes('*') ? found : asked).toEqual(asked);
      }
    ),
    { numRuns: 200 }
  );
});

test('nothing outside the data folder is named', async () => {
  make('a.csv');
  writeFileSync(join(outside.path, 'secret.csv'), 'password\n');
  for (const path of ['../*.csv', '/*', `${outside.path}/*.csv`, 'in/../../*.csv']) {
    await expect(sourcePaths(folder, path, 100)).rejects.toThrow(/^MLOPS_SOURCE_(OUTSIDE|MISSING)/);
  }
  expect(isNamedBy('*.csv', '../secret.csv')).toBe(false);
  expect(isNamedBy('**/*.csv', '../secret.csv')).toBe(false);
  // A folder that is a link is not entered, and a link to a file must stay within.
  symlinkSync(outside.path, join(folder, 'up'));
  expect(await sourcePaths(folder, '**/*.csv', 100)).toEqual(['a.csv']);
  symlinkSync(join(outside.path, 'secret.csv'), join(folder, 'link.csv'));
  const source = { name: 's', reader: { file: { path: '*.csv', format: 'csv' } } } as const;
  await expect(observe(source, folder)).rejects.toThrow(/^MLOPS_SOURCE_OUTSIDE/);
});

describe('observing', () => {
  const source = (path: string) => ({ name: 's', reader: { file: { path, format: 'csv' } } }) as const;

  test('lists each file with its path, digest and size', async () => {
    make('b.csv', 'a.csv');
    const { files } = await observe(source('*.csv'), folder);
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['a.csv', 4],
      ['b.csv', 4],
    ]);
  });

  test('refuses a path that names nothing, too many files, and too many bytes', async () => {
    make('a.csv', 'b.csv', 'c.csv');
    const limits = { sourceFiles: 3, sourceBytes: 12 };
    expect((await observe(source('*.csv'), folder, limits)).files).toHaveLength(3);
    await expect(observe(source('*.parquet'), folder, limits)).rejects.toThrow(
      /^MLOPS_SOURCE_MISSING.*path=\*\.parquet/
    );
    await expect(observe(source('*.csv'), folder, { ...limits, sourceFiles: 2 })).rejects.toThrow(
      /^MLOPS_TOO_MANY_FILES.*limit=2.*sourceFiles/
    );
    await expect(observe(source('*.csv'), folder, { ...limits, sourceBytes: 11 })).rejects.toThrow(
      /^MLOPS_SOURCE_TOO_LARGE.*file=c\.csv.*sourceBytes/
    );
  });
});

/** A source's path stays within the data folder, whoever names it. */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observe } from '../../../src/engines/tables/observe';
import { sourceFile } from '../../../src/engines/tables/source-file';
import { type TestFolder, testFolder } from './files';

let outside: TestFolder;
let folder: string;
beforeEach(() => {
  outside = testFolder();
  folder = join(outside.path, 'data');
  mkdirSync(join(folder, 'in'), { recursive: true });
  writeFileSync(join(folder, 'in', 'rows.csv'), 'a\n1\n');
  writeFileSync(join(outside.path, 'secret.csv'), 'password\n');
});
afterEach(() => outside.remove());

const real = (...path: string[]): string => join(realpathSync(folder), ...path);

test('a file in it, by a relative and by an absolute path, by a link within, and through a folder that is a link', async () => {
  expect(await sourceFile(folder, 'in/rows.csv')).toBe(real('in', 'rows.csv'));
  expect(await sourceFile(folder, join(folder, 'in/rows.csv'))).toBe(real('in', 'rows.csv'));
  symlinkSync('in/rows.csv', join(folder, 'newest.csv'));
  expect(await sourceFile(folder, 'newest.csv')).toBe(real('in', 'rows.csv'));
  symlinkSync(folder, join(outside.path, 'linked'));
  expect(await sourceFile(join(outside.path, 'linked'), 'in/rows.csv')).toBe(real('in', 'rows.csv'));
  writeFileSync(join(folder, '..rows.csv'), 'a\n');
  expect(await sourceFile(folder, '..rows.csv')).toBe(real('..rows.csv'));
});

test.each([
  ['by ..', () => '../secret.csv'],
  ['by .. further in', () => 'in/../../secret.csv'],
  ['as an absolute path', () => join(outside.path, 'secret.csv')],
  ['by a link to the file', () => 'link.csv'],
  ['by a link to its folder', () => 'up/secret.csv'],
  ['as the folder beside it with the same beginning', () => '../data-2/rows.csv'],
])('a file outside, %s, is refused without a word of it', async (_, path) => {
  symlinkSync(join(outside.path, 'secret.csv'), join(folder, 'link.csv'));
  symlinkSync(outside.path, join(folder, 'up'));
  mkdirSync(join(outside.path, 'data-2'));
  writeFileSync(join(outside.path, 'data-2', 'rows.csv'), 'a\n');
  const refused = sourceFile(folder, path()).catch((error: Error) => error.message);
  expect(await refused).toMatch(/^MLOPS_SOURCE_OUTSIDE: /);
  expect(await refused).not.toContain('password');
  const reader = { file: { path: path(), format: 'csv' } } as const;
  await expect(observe({ name: 'rows', reader }, folder)).rejects.toThrow(/^MLOPS_SOURCE_OUTSIDE/);
});

test('whether a file outside exists does not show', async () => {
  const said = (path: string) =>
    sourceFile(folder, path).catch((error: Error) => error.message.replace(path, '<path>'));
  expect(await said('../secret.csv')).toBe(await said('../nothing.csv'));
  expect(await said('/etc/passwd')).toBe(await said('/etc/nothing'));
});

test('what is missing within is said so', async () => {
  await expect(sourceFile(folder, 'in/none.csv')).rejects.toThrow(/^MLOPS_SOURCE_MISSING.*none\.csv/);
  await expect(sourceFile(join(folder, 'none'), 'a.csv')).rejects.toThrow(
    /^MLOPS_SOURCE_MISSING: There is no data folder/
  );
});

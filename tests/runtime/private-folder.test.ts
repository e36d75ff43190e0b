/** The folders of worker and replica are closed to everybody else. */
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preparePrivate } from '../../src/runtime/private-folder';

const folders = mkdtempSync(join(tmpdir(), 'private-'));
afterAll(() => rmSync(folders, { recursive: true }));

test('a private folder is its owner’s alone, also where it was there before', async () => {
  const folder = join(folders, 'private');
  await preparePrivate(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  chmodSync(folder, 0o755);
  await preparePrivate(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('a folder of somebody else’s, or a link to one, is refused', async () => {
  const link = join(folders, 'link');
  symlinkSync(folders, link);
  await expect(preparePrivate(link)).rejects.toMatchObject({ code: 'MLOPS_CONFIGURATION', where: { folder: link } });
  const me = jest.spyOn(process, 'getuid').mockReturnValue((process.getuid?.() ?? 0) + 1);
  try {
    await expect(preparePrivate(folders)).rejects.toThrow(/belongs to somebody else/);
  } finally {
    me.mockRestore();
  }
});

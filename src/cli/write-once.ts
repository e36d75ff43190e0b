/** A file that appears as a whole, and takes no other's place unless that is wanted. */
import { link, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MlopsError } from '../domain/errors';

export interface WriteOptions {
  readonly force?: true;
}

/**
 * `write` makes the file in a folder beside the target, which gets its name once it is whole; the folder is gone afterwards.
 * @throws MlopsError MLOPS_USAGE: a file of this name is there, or the folder can't be written
 */
export async function writeOnce<T>(
  target: string,
  { force }: WriteOptions,
  write: (file: string, folder: string) => Promise<T>
): Promise<T> {
  const path = resolve(target);
  const refuse = (): never => {
    const fix = 'Give another name with --out, or --force to replace it.';
    throw new MlopsError('MLOPS_USAGE', 'The file is there already.', { file: target }, fix);
  };
  if (force !== true && (await exists(path))) refuse();
  const folder = await folderBeside(path, target);
  try {
    const file = join(folder, 'whole');
    const written = await write(file, folder);
    if (force === true) await rename(file, path);
    // Unlike a rename it fails where somebody has made the file meanwhile.
    else
      await link(file, path).catch((error: NodeJS.ErrnoException) =>
        error.code === 'EEXIST' ? refuse() : rename(file, path)
      );
    return written;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function folderBeside(path: string, target: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await mkdtemp(join(dirname(path), '.mlops-'));
  } catch (cause) {
    const what = `The folder can't be written: ${(cause as Error).message}.`;
    throw new MlopsError('MLOPS_USAGE', what, { file: target }, 'Give another name with --out.', { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false
  );
}

/**
 * Where a source's file is on this machine. A definition, and whoever calls an activity, names paths: none of them leads
 * out of the worker's data folder, by `..`, as an absolute path or by a link.
 */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { MlopsError } from '../../domain/errors';

/**
 * The file's own path, links resolved. Ask right before reading, each time.
 * @throws MlopsError MLOPS_SOURCE_OUTSIDE, which doesn't say whether there is such a file; MLOPS_SOURCE_MISSING
 */
export async function sourceFile(dataFolder: string, path: string): Promise<string> {
  const folder = await realpath(dataFolder).catch((cause: Error) => {
    throw missing(
      dataFolder,
      'There is no data folder.',
      'Make it, or start the worker with another one (--data).',
      cause
    );
  });
  const named = resolve(dataFolder, path);
  // Before anything is asked of the disk: what lies outside must not show by another error.
  if (!isWithin(resolve(dataFolder), named) && !isWithin(folder, named)) throw outside(dataFolder, path);
  const file = await realpath(named).catch((cause: NodeJS.ErrnoException) => {
    throw missing(named, 'There is no such file.', 'Correct the path, or put the file there.', cause);
  });
  if (!isWithin(folder, file)) throw outside(dataFolder, path);
  return file;
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function missing(file: string, what: string, fix: string, cause: Error): MlopsError {
  return new MlopsError('MLOPS_SOURCE_MISSING', what, { file }, fix, { cause });
}

function outside(dataFolder: string, path: string): MlopsError {
  return new MlopsError(
    'MLOPS_SOURCE_OUTSIDE',
    "The source's path leads out of the worker's data folder.",
    { path, dataFolder },
    'Put the file into that folder, or start the worker with the folder that holds it (mlops worker --data).'
  );
}

/** The files that a source's path names (domain/path-pattern.ts). No folder that is a link is followed. */
import { readdir } from 'node:fs/promises';
import { MlopsError } from '../../domain/errors';
import { NAME, namesMany, patternOf } from '../../domain/path-pattern';
import { sourceFile } from './source-file';

/**
 * Paths as a definition would write them, in code-point order; a path without `*` is itself, whether it is there or not.
 * @throws MlopsError MLOPS_SOURCE_MISSING: no file matches; MLOPS_SOURCE_OUTSIDE; MLOPS_TOO_MANY_FILES
 */
export async function sourcePaths(dataFolder: string, path: string, most: number): Promise<readonly string[]> {
  if (!namesMany(path)) return [path];
  const segments = path.split('/');
  const wild = segments.findIndex(namesMany);
  const found = new Set<string>();
  for await (const each of matching(dataFolder, segments.slice(0, wild), segments.slice(wild))) {
    found.add(each);
    if (found.size > most) throw tooMany(path, most);
  }
  if (found.size === 0) {
    throw new MlopsError(
      'MLOPS_SOURCE_MISSING',
      'No file matches the path.',
      { path, dataFolder },
      'Correct the path, or put a file there.'
    );
  }
  return [...found].sort();
}

async function* matching(
  dataFolder: string,
  folder: readonly string[],
  [segment = '', ...rest]: readonly string[]
): AsyncGenerator<string> {
  const many = segment === '**';
  // `a/**` is all files below.
  if (many && rest.length > 0) yield* matching(dataFolder, folder, rest);
  const form = new RegExp(`^${many ? NAME : patternOf(segment)}$`, 's');
  for (const entry of await entriesOf(dataFolder, folder)) {
    if (!form.test(entry.name)) continue;
    const path = [...folder, entry.name];
    if (entry.isDirectory()) {
      if (many) yield* matching(dataFolder, path, ['**', ...rest]);
      else if (rest.length > 0) yield* matching(dataFolder, path, rest);
    } else if (rest.length === 0) yield path.join('/');
  }
}

async function entriesOf(dataFolder: string, folder: readonly string[]) {
  const within = await sourceFile(dataFolder, folder.length === 0 ? '.' : folder.join('/') || '/');
  return readdir(within, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOTDIR' || cause.code === 'ENOENT') return [];
    const what = `A folder can't be read: ${cause.message}.`;
    throw new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { folder: within }, 'Check its permissions.', { cause });
  });
}

function tooMany(path: string, limit: number): MlopsError {
  return new MlopsError(
    'MLOPS_TOO_MANY_FILES',
    'More files match the path than a source may have.',
    { path, limit },
    "Write larger files, or raise the worker's limit sourceFiles."
  );
}

/** What a source's files are right now. Never reused: the answer is what an ingest step is keyed by. */
import { stat } from 'node:fs/promises';
import { digestOfFile as digestOf } from '../../runtime/digest';
import type { SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { ObservedFile } from '../../domain/records';
import type { Digest } from '../../domain/refs';
import { sourceFile } from './source-file';
import { sourcePaths } from './source-paths';

export interface Observation {
  readonly files: readonly ObservedFile[];
}

/** The worker's limits on what a source may hold at once. */
export interface SourceLimits {
  readonly sourceFiles: number;
  readonly sourceBytes: number;
}

const UNLIMITED: SourceLimits = { sourceFiles: Number.POSITIVE_INFINITY, sourceBytes: Number.POSITIVE_INFINITY };

/**
 * Looks at the files of a built-in source, in the order of their paths, which stay as the definition writes them.
 * @throws MlopsError MLOPS_SOURCE_OUTSIDE, MLOPS_SOURCE_MISSING, MLOPS_SOURCE_EMPTY, MLOPS_SOURCE_UNREADABLE,
 * MLOPS_TOO_MANY_FILES, MLOPS_SOURCE_TOO_LARGE
 */
export async function observe(
  source: Pick<SourceDefinition, 'name' | 'reader'>,
  baseFolder: string,
  limits: SourceLimits = UNLIMITED
): Promise<Observation> {
  if (!('file' in source.reader)) {
    const where = { source: source.name };
    throw new MlopsError(
      'MLOPS_DEFINITION_INVALID',
      'Not a source of files.',
      where,
      'Observe it with its own reader.'
    );
  }
  const { path } = source.reader.file;
  const files: ObservedFile[] = [];
  let left = limits.sourceBytes;
  for (const each of await sourcePaths(baseFolder, path, limits.sourceFiles)) {
    const file = await observeFile(await sourceFile(baseFolder, each), each, left);
    left -= file.bytes;
    files.push(file);
  }
  return { files };
}

/** @param left of all bytes that the source may have: asked before the file is read */

async function observeFile(local: string, path: string, left: number): Promise<ObservedFile> {
  const found = await stat(local).catch((cause: NodeJS.ErrnoException) => {
    const gone = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    if (gone)
      throw new MlopsError(
        'MLOPS_SOURCE_MISSING',
        'The file does not exist.',
        { file: local },
        'Correct the path, or put the file there.'
      );
    throw unreadable(local, cause);
  });
  if (!found.isFile()) throw unreadable(local, new Error('it is not a file'));
  if (found.size === 0) {
    throw new MlopsError('MLOPS_SOURCE_EMPTY', 'The file is empty.', { file: local }, 'Write it again, whole.');
  }
  if (found.size > left) throw tooLarge(path);
  return { path, digest: await digestOfFile(local), bytes: found.size };
}

/**
 * SHA-256 of a file's bytes, streamed.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE
 */
export async function digestOfFile(file: string): Promise<Digest> {
  return digestOf(file).catch((cause: Error) => {
    throw unreadable(file, cause);
  });
}

export function unreadable(file: string, cause: Error): MlopsError {
  const what = `The file can't be read: ${cause.message}.`;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file }, "Check its permissions and the worker's folder.", {
    cause,
  });
}

function tooLarge(path: string): MlopsError {
  const what = 'The source has more bytes than it may, with this file.';
  const fix = "Move older files elsewhere, or raise the worker's limit sourceBytes.";
  return new MlopsError('MLOPS_SOURCE_TOO_LARGE', what, { file: path }, fix);
}

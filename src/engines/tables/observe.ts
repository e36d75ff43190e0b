/** What a source's files are right now. Never reused: the answer is what an ingest step is keyed by. */
import { stat } from 'node:fs/promises';
import { digestOfFile as digestOf } from '../../runtime/digest';
import type { SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { ObservedFile } from '../../domain/records';
import type { Digest } from '../../domain/refs';
import { sourceFile } from './source-file';

export interface Observation {
  readonly files: readonly ObservedFile[];
}

/**
 * Looks at the file of a built-in source; its recorded path stays as the definition writes it.
 * @throws MlopsError MLOPS_SOURCE_OUTSIDE, MLOPS_SOURCE_MISSING, MLOPS_SOURCE_EMPTY, MLOPS_SOURCE_UNREADABLE
 */
export async function observe(
  source: Pick<SourceDefinition, 'name' | 'reader'>,
  baseFolder: string
): Promise<Observation> {
  if (!('file' in source.reader)) {
    const where = { source: source.name, reader: source.reader.registered };
    throw new MlopsError(
      'MLOPS_DEFINITION_INVALID',
      'Not a source of files.',
      where,
      'Observe it with its own reader.'
    );
  }
  const { path } = source.reader.file;
  return { files: [await observeFile(await sourceFile(baseFolder, path), path)] };
}

async function observeFile(local: string, path: string): Promise<ObservedFile> {
  const found = await stat(local).catch((cause: NodeJS.ErrnoException) => {
    const gone = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    if (gone)
      throw new MlopsError('MLOPS_SOURCE_MISSING', 'The file does not exist.', { file: local }, 'Put it there.');
    throw unreadable(local, cause);
  });
  if (!found.isFile()) throw unreadable(local, new Error('it is not a file'));
  if (found.size === 0) {
    throw new MlopsError('MLOPS_SOURCE_EMPTY', 'The file is empty.', { file: local }, 'Write it again, whole.');
  }
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

function unreadable(file: string, cause: Error): MlopsError {
  const what = `The file can't be read: ${cause.message}.`;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file }, "Check its permissions and the worker's folder.", {
    cause,
  });
}

/** A reader of the user's own: each part becomes a file of the attempt's folder that nothing changes any more. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { MlopsError } from '../../../domain/errors';
import type { Job } from '../../../domain/job';
import type { Row, SourcePart } from '../../../project/registry';
import { asUsers, codeOf, type UsedCode } from './code';

export interface ReadInput {
  readonly use: UsedCode;
  readonly asOf: string;
  readonly maxParts: number;
}

export interface ReadOutput {
  readonly format: 'parquet' | 'csv' | 'jsonl';
  /** Files `parts/0`, `parts/1`, … of the job's folder, in the order in which they were yielded. */
  readonly parts: number;
}

export const partFile = (index: number): string => join('parts', String(index));

/**
 * @throws MlopsError MLOPS_SOURCE_EMPTY, MLOPS_SOURCE_UNREADABLE (two formats), MLOPS_TOO_MANY_PARTS, and as `codeOf`
 * and `asUsers` do
 */
export const readCode: Job<ReadInput, ReadOutput> = async ({ use, asOf, maxParts }, { folder, progress }) => {
  const reader = await codeOf('reader', use);
  const own = join(folder, 'reader');
  await Promise.all([mkdir(own), mkdir(join(folder, 'parts'))]);
  const yielded = await asUsers(use, () =>
    reader.read({ params: use.params, asOf, folder: own })[Symbol.asyncIterator]()
  );
  let format: ReadOutput['format'] | undefined;
  let parts = 0;
  // By hand: what the reader throws is its failure, and what we do with its parts isn't.
  const next = () => asUsers(use, () => yielded.next());
  for (let part = await next(); part.done !== true; part = await next()) {
    if (parts === maxParts) throw tooMany(use.name, maxParts);
    const found = await asUsers(use, () => formatOf(part.value));
    if (format !== undefined && found !== format) throw twoFormats(use.name, `${format} ${found}`);
    format = found;
    const to = join(folder, partFile(parts));
    if ('rows' in part.value) await writeRows(to, part.value.rows, use);
    else await asUsers(use, () => take(own, (part.value as { readonly file: string }).file, to));
    parts += 1;
    progress({ done: parts, total: 0, note: `part ${parts}` });
  }
  if (format === undefined) {
    throw new MlopsError(
      'MLOPS_SOURCE_EMPTY',
      'The reader yielded nothing.',
      { reader: use.name, asOf },
      'Check what it reads.'
    );
  }
  return { format, parts };
};

function formatOf(part: SourcePart): ReadOutput['format'] {
  if ('rows' in part && Array.isArray(part.rows)) return 'jsonl';
  if ('file' in part && typeof part.file === 'string' && ['parquet', 'csv', 'jsonl'].includes(part.format))
    return part.format;
  throw new Error('it yielded neither { rows } nor { file, format }');
}

/** What it wrote into its folder is moved; what it found elsewhere is copied, since its bytes may change later. */
async function take(own: string, file: string, to: string): Promise<void> {
  const from = resolve(own, file);
  await (relative(own, from).startsWith('..') ? copyFile(from, to) : rename(from, to));
}

async function writeRows(path: string, rows: readonly Row[], use: UsedCode): Promise<void> {
  const file = createWriteStream(path);
  for (const row of rows) {
    const line = await asUsers(use, () => JSON.stringify(row, plain));
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

/** JSON has no bigint; a Date has become its ISO text before this is asked. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function tooMany(reader: string, limit: number): MlopsError {
  return new MlopsError(
    'MLOPS_TOO_MANY_PARTS',
    'The reader yielded more parts than it may.',
    { reader, limit },
    "Yield larger parts, or raise the worker's limit readerParts."
  );
}

function twoFormats(reader: string, formats: string): MlopsError {
  return new MlopsError(
    'MLOPS_SOURCE_UNREADABLE',
    'A reader yields parts of two formats.',
    { reader, formats },
    'Yield one.'
  );
}

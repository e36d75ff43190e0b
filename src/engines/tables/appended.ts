/** Which files of a source have only grown at their end: rows that the parent read of them need not be read again. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ObservedFile, SnapshotRows } from '../../domain/records';
import type { Digest } from '../../domain/refs';
import { unreadable } from './observe';
import { endsLinesByByte } from './reading/readable-file';
import type { FileFormat } from './reading/relation';

const READ_BYTES = 2 ** 20;
const LINE_FEED = 0x0a;

/** Of files that are longer than the parent's of the same path; none where the parent's others are not as they were. */
export function longerFiles<T extends ObservedFile>(
  parent: Pick<SnapshotRows, 'files'> | undefined,
  observed: readonly T[],
  format: FileFormat
): readonly T[] {
  if (parent === undefined || format === 'parquet') return [];
  const now = new Map(observed.map((file) => [file.path, file]));
  const changed = parent.files.filter(({ path, digest }) => now.get(path)?.digest !== digest);
  const longer = changed.flatMap(({ path, bytes }) => {
    const file = now.get(path);
    return file !== undefined && file.bytes > bytes ? [file] : [];
  });
  return longer.length === changed.length ? longer : [];
}

/**
 * The paths of those that begin with the bytes that the parent read, up to the end of a line: a parser finds the same rows in these
 * bytes, and the others behind them. Each file is read once, and must be the one that was observed.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE
 */
export async function appendedFiles(
  parent: Pick<SnapshotRows, 'files'>,
  files: readonly (ObservedFile & { readonly local: string })[],
  encoding: string,
  signal?: AbortSignal
): Promise<ReadonlySet<string>> {
  const had = new Map(parent.files.map((file) => [file.path, file]));
  const appended = new Set<string>();
  for (const file of files) {
    const before = had.get(file.path);
    if (before !== undefined && (await goesOn(before, file, { encoding, signal }))) appended.add(file.path);
  }
  return appended;
}

interface Looking {
  readonly encoding: string;
  readonly signal: AbortSignal | undefined;
}

async function goesOn(
  before: ObservedFile,
  { local, digest }: { readonly local: string; readonly digest: Digest },
  { encoding, signal }: Looking
): Promise<boolean> {
  try {
    if (!(await endsLinesByByte(local, encoding))) return false;
    const { start, whole } = await digestsOf(local, before.bytes, signal);
    return start === before.digest && whole === digest;
  } catch (cause) {
    throw unreadable(local, cause as Error);
  }
}

/** `start`: of the first bytes; absent where no line ends with them. */
async function digestsOf(
  local: string,
  bytes: number,
  signal: AbortSignal | undefined
): Promise<{ readonly start?: Digest; readonly whole: Digest }> {
  const hash = createHash('sha256');
  const digest = (of: typeof hash): Digest => `sha256:${of.digest('hex')}`;
  const handle = await open(local);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let start: Digest | undefined;
    for (let at = 0; ; ) {
      signal?.throwIfAborted();
      const most = at < bytes ? Math.min(READ_BYTES, bytes - at) : READ_BYTES;
      const { bytesRead } = await handle.read(buffer, 0, most, at);
      if (bytesRead === 0) return { ...(start === undefined ? {} : { start }), whole: digest(hash) };
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      if (at === bytes && buffer[bytesRead - 1] === LINE_FEED) start = digest(hash.copy());
    }
  } finally {
    await handle.close();
  }
}

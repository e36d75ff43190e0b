/** A file as DuckDB can read it: plain, a text in UTF-8, under a path that is not a pattern. By what is in it, not by its name. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { MlopsError } from '../../../domain/errors';
import { isPattern } from '../sql';
import { unpackedBytes } from './source-limits';

const UTF_8 = 'utf-8';
const GZIP = Buffer.from([0x1f, 0x8b]);
const BYTE_ORDER_MARKS = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const;

/**
 * The file itself, or a copy in the folder: unpacked where it is gzip, converted where it is not UTF-8. A byte order mark
 * of UTF-16 counts more than the declared encoding.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: the gzip stream is cut short or damaged; bytes that are not of the encoding
 */
export async function readableFile(file: string, folder: string, declared = UTF_8): Promise<string> {
  const head = await headOf(file);
  if (!isPacked(head) && encodingOf(head, declared) === UTF_8) return plainlyNamed(file, folder);
  return copied(file, folder, (to) =>
    pipeline(unpacked(file), (chunks) => decoded(chunks, declared, file), createWriteStream(to))
  );
}

/**
 * The same for a binary file: it is copied only if it is compressed by gzip.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: the gzip stream is cut short or damaged
 */
export async function unpackedFile(file: string, folder: string): Promise<string> {
  if (!isPacked(await headOf(file))) return plainlyNamed(file, folder);
  return copied(file, folder, (to) => pipeline(unpacked(file), createWriteStream(to)));
}

/** Whether each line feed in the file's bytes is one in its text: not where it is packed, nor in UTF-16. */
export async function endsLinesByByte(file: string, declared: string): Promise<boolean> {
  const head = await headOf(file);
  return !isPacked(head) && !new TextDecoder(encodingOf(head, declared)).encoding.startsWith('utf-16');
}

async function copied(file: string, folder: string, write: (to: string) => Promise<void>): Promise<string> {
  const to = ownName(file, folder);
  if (existsSync(to)) return to;
  try {
    await write(to);
  } catch (cause) {
    await rm(to, { force: true });
    throw cause;
  }
  return to;
}

/**
 * The file's bytes, unpacked where it is gzip.
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE: the gzip stream is cut short or damaged; MLOPS_SOURCE_TOO_LARGE
 */
export async function* unpacked(file: string): AsyncGenerator<Buffer> {
  const bytes = createReadStream(file, { highWaterMark: 1 << 20 });
  const plain = isPacked(await headOf(file)) ? bytes.pipe(createGunzip()) : bytes;
  bytes.once('error', (error) => plain.destroy(error));
  try {
    yield* limited(plain, file);
  } catch (cause) {
    if (!isZlib(cause)) throw cause;
    const what = 'The gzip stream is cut short or damaged.';
    throw new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { file }, 'Fetch or write it again.', { cause });
  } finally {
    bytes.destroy();
  }
}

function isPacked(head: Buffer): boolean {
  return head.subarray(0, GZIP.length).equals(GZIP);
}

/** DuckDB takes some characters of a path for a pattern: the file gets a link of another name. */
async function plainlyNamed(file: string, folder: string): Promise<string> {
  if (!isPattern(file)) return file;
  const link = ownName(file, folder);
  if (!existsSync(link)) await symlink(file, link);
  return link;
}

/** Where it was left to be read. */
export function readFrom(file: string, folder: string): string {
  const copy = ownName(file, folder);
  return existsSync(copy) ? copy : file;
}

function ownName(file: string, folder: string): string {
  return join(folder, `source-${createHash('sha256').update(file).digest('hex').slice(0, 16)}`);
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function encodingOf(head: Buffer, declared: string): string {
  const marked = BYTE_ORDER_MARKS.find(({ mark }) => head.subarray(0, mark.length).equals(mark));
  return marked?.encoding ?? declared;
}

/** A small file may unpack to more than any disk holds. */
async function* limited(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const limit = unpackedBytes();
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) {
      const what = 'A file unpacks to more bytes than a source may have.';
      const fix = "Split it, or raise the worker's limit sourceBytes.";
      throw new MlopsError('MLOPS_SOURCE_TOO_LARGE', what, { file, limit }, fix);
    }
    yield chunk;
  }
}

async function* decoded(
  chunks: AsyncIterable<Buffer>,
  declared: string,
  file: string
): AsyncGenerator<Buffer | string> {
  let decoder: TextDecoder | undefined;
  let line = 1;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk, declared));
    // What is UTF-8 already is the reader's to check.
    if (decoder.encoding === UTF_8) {
      yield chunk;
      continue;
    }
    const text = decoder.decode(chunk, { stream: true });
    const wrong = text.indexOf('\ufffd');
    if (wrong >= 0) throw notOf(decoder.encoding, file, line + linesIn(text.slice(0, wrong)));
    line += linesIn(text);
    yield text;
  }
  if (decoder !== undefined && decoder.encoding !== UTF_8 && decoder.decode() !== '')
    throw notOf(decoder.encoding, file, line);
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}

function notOf(encoding: string, file: string, line: number): MlopsError {
  const what = `Some bytes are not ${encoding}.`;
  return new MlopsError(
    'MLOPS_SOURCE_UNREADABLE',
    what,
    { file, line },
    'Declare the encoding that the file has (reader.file.csv.encoding).'
  );
}

function isZlib(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && code.startsWith('Z_');
}

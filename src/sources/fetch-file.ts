/** One remote file to a local one: what is known already is not fetched, what was cut off goes on after its last part. */
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { MlopsError } from '../domain/errors';
import type { Digest } from '../domain/refs';
import type { Body, RemoteFile } from './remote-file';
import { PART_BYTES, type SourceCache } from './source-cache';

export interface Fetching {
  readonly cache: SourceCache;
  /** Where the bytes go: a file of this attempt alone. */
  readonly to: string;
  /** Bytes that the source may still have. */
  readonly left: number;
  /** Time without a byte after which the server counts as away. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Whether bytes of this digest are in the artifact store. */
  readonly isStored: (digest: Digest) => Promise<boolean>;
  readonly onBytes: (bytes: number) => void;
}

export interface Fetched {
  readonly digest: Digest;
  readonly bytes: number;
  /** Whether the bytes lie in `to`; else they are stored already. */
  readonly isNew: boolean;
  /** What the server calls these bytes. */
  readonly identity: string | undefined;
}

/**
 * @throws MlopsError MLOPS_SOURCE_AWAY: also where nothing comes for a while, or the answer is cut short;
 * MLOPS_SOURCE_TOO_LARGE, MLOPS_SOURCE_EMPTY, and what `RemoteFile.open` throws
 */
export async function fetchFile(remote: RemoteFile, fetching: Fetching): Promise<Fetched> {
  const silence = new Silence(fetching.silenceMs);
  const signal = AbortSignal.any([fetching.signal, silence.signal]);
  const handle = await open(fetching.to, 'ax', 0o600);
  try {
    const file = new Growing(handle);
    const known = await knownAndStored(remote, fetching);
    const after = await restored(remote, fetching, file);
    silence.reset();
    const answer = await remote.open({ unless: after === undefined ? known?.identity : undefined, after }, signal);
    if (known !== undefined && (answer === 'unchanged' || answer.identity === known.identity)) {
      if (answer !== 'unchanged') answer.close();
      return { ...known, isNew: false };
    }
    if (answer === 'unchanged') throw new Error('unchanged, but nothing was known');
    if (answer.after !== file.bytes) await file.clear();
    await take(remote, answer, fetching, file, silence);
    return { digest: file.digest(), bytes: file.bytes, identity: answer.identity, isNew: true };
  } catch (error) {
    // A time-out or a cancellation from outside says more than that the socket was closed.
    fetching.signal.throwIfAborted();
    throw silence.signal.aborted ? stalled(remote.path, fetching.silenceMs) : error;
  } finally {
    silence.end();
    await handle.close();
  }
}

async function knownAndStored(remote: RemoteFile, { cache, isStored }: Fetching) {
  const known = await cache.known(remote.key);
  return known !== undefined && (await isStored(known.digest)) ? known : undefined;
}

async function restored(remote: RemoteFile, { cache }: Fetching, file: Growing) {
  const identity = await cache.unfinished(remote.key);
  if (identity === undefined) return undefined;
  for await (const part of cache.parts(remote.key, identity)) await file.append(part);
  return file.bytes === 0 ? undefined : { identity, bytes: file.bytes };
}

async function take(
  remote: RemoteFile,
  body: Body,
  fetching: Fetching,
  file: Growing,
  silence: Silence
): Promise<void> {
  const { cache, left, onBytes } = fetching;
  const kept = body.resumable ? body.identity : undefined;
  await cache.forgetParts(remote.key, kept);
  const tooMany = () => {
    const fix = "Read less of it, or raise the worker's limit sourceBytes.";
    return new MlopsError(
      'MLOPS_SOURCE_TOO_LARGE',
      'The source has more bytes than it may.',
      { file: remote.path },
      fix
    );
  };
  if ((body.bytes ?? 0) > left) {
    body.close();
    throw tooMany();
  }
  let seen = file.bytes;
  const watched = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of body.chunks) {
      silence.reset();
      seen += chunk.length;
      if (seen > left) throw tooMany();
      onBytes(seen);
      yield chunk;
    }
  };
  for await (const part of inParts(watched())) {
    if (kept !== undefined && part.length === PART_BYTES)
      await cache.keepPart(remote.key, kept, file.bytes / PART_BYTES, part);
    await file.append(part);
  }
  if (body.bytes !== undefined && file.bytes !== body.bytes) throw cutShort(remote.path, file.bytes, body.bytes);
  if (file.bytes === 0) {
    throw new MlopsError('MLOPS_SOURCE_EMPTY', 'The file is empty.', { file: remote.path }, 'Write it again, whole.');
  }
}

/** A local file that grows, and its digest. */
class Growing {
  readonly #handle: FileHandle;
  #hash: Hash = createHash('sha256');
  bytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async append(bytes: Buffer): Promise<void> {
    await this.#handle.appendFile(bytes);
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  async clear(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash('sha256');
    this.bytes = 0;
  }

  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

/** Aborts when nothing comes for a while. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  reset(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Full parts, and the rest. */
async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    while (bytes + rest.length >= PART_BYTES) {
      const needed = PART_BYTES - bytes;
      yield Buffer.concat([...waiting, rest.subarray(0, needed)], PART_BYTES);
      rest = rest.subarray(needed);
      waiting = [];
      bytes = 0;
    }
    if (rest.length > 0) waiting.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes);
}

function stalled(path: string, silenceMs: number): MlopsError {
  const what = `The source's server sent nothing for ${silenceMs} ms.`;
  const fix = "It is tried again, after the last finished part; else raise the worker's limit sourceSilence.";
  return new MlopsError('MLOPS_SOURCE_AWAY', what, { file: path }, fix);
}

function cutShort(path: string, bytes: number, promised: number): MlopsError {
  const what = `The answer ended after ${bytes} bytes of ${promised}.`;
  return new MlopsError('MLOPS_SOURCE_AWAY', what, { file: path }, 'It is tried again, after the last finished part.');
}

/**
 * Bytes under their own SHA-256. An artifact's document pins it: it is written before the object and touched by
 * every step that refers to it, so that a sweep that deletes by age can never meet a step half-way.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client as MinioClient } from 'minio';
import type { ClientSession, Collection } from 'mongodb';
import { crashPoint } from '../runtime/crash-points';
import { digestOfBytes, digestOfFile } from '../runtime/digest';
import { MlopsError } from '../domain/errors';
import type { ArtifactRef, Digest } from '../domain/refs';
import type { StoreConfig } from './config';
import { collection, type Store } from './mongo';
import type { ArtifactDocument } from './mutable-records';

/** A server that answers nothing for so long is down; a put has a second more for each megabyte. */
const SILENCE_MS = 8_000;
const PUT_BYTES_PER_MS = 1_000;
/** Files up to this size are read once, and hashed and put from memory. */
const IN_MEMORY_BYTES = 2 ** 20;

/** What aborts the requests of the operation that this code runs in. */
const abortedBy = new AsyncLocalStorage<AbortSignal>();

type Request = typeof httpRequest;

/** minio-js hands no signal on: its requests get the operation's here, so that their sockets are destroyed. */
function abortable(request: Request): Request {
  return ((options: RequestOptions, answered?: (response: IncomingMessage) => void) => {
    const signal = abortedBy.getStore();
    return request({ ...options, ...(signal === undefined ? {} : { signal }) }, answered);
  }) as Request;
}

export class Artifacts {
  readonly #documents: Collection<ArtifactDocument>;
  readonly #s3: MinioClient;
  readonly #bucket: string;

  constructor(store: Store, config: StoreConfig['s3']) {
    const url = new URL(config.endpoint);
    const secure = url.protocol === 'https:';
    this.#documents = collection(store, 'artifacts');
    this.#bucket = config.bucket;
    this.#s3 = new MinioClient({
      endPoint: url.hostname,
      port: Number(url.port) || (secure ? 443 : 80),
      useSSL: secure,
      accessKey: config.accessKey,
      secretKey: config.secretKey,
      region: config.region,
      transport: { request: abortable(secure ? httpsRequest : httpRequest) },
      transportAgent: secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }),
    });
  }

  /** Makes the bucket, and checks that the server honours `If-None-Match` (a second put must be refused). */
  async prepare(): Promise<void> {
    if (!(await this.#within('bucketExists', 0, () => this.#s3.bucketExists(this.#bucket)))) {
      await this.#s3.makeBucket(this.#bucket).catch((error: { code?: string }) => {
        if (error.code !== 'BucketAlreadyOwnedByYou') throw error;
      });
    }
    const probe = Buffer.from('conditional put\n');
    const put = () =>
      this.#within('putObject', 0, () =>
        this.#s3.putObject(this.#bucket, 'probe/conditional-put', probe, probe.length, ONLY_NEW)
      );
    const refused = () => put().then(() => false, isPreconditionFailed);
    if (!(await refused()) && !(await refused())) {
      throw new MlopsError(
        'MLOPS_SERVER_UNFIT',
        'The object store ignores If-None-Match, so an artifact could be overwritten.',
        { bucket: this.#bucket },
        'Use a server with conditional puts (MinIO, S3).'
      );
    }
  }

  /**
   * Stores a finished local file. Pins its document first, then puts the object; an object that is there already
   * with the same size is the same bytes.
   */
  async put(file: { name: string; path: string; mediaType: string }): Promise<ArtifactRef> {
    const { size: bytes } = await stat(file.path);
    const content = bytes <= IN_MEMORY_BYTES ? await readFile(file.path) : undefined;
    const digest = content === undefined ? await digestOfFile(file.path) : digestOfBytes(content);
    if (!(await this.#pin(digest, bytes))) await this.#putNew(digest, bytes, content ?? file.path, file.mediaType);
    return { name: file.name, digest, bytes, mediaType: file.mediaType };
  }

  async #putNew(digest: Digest, bytes: number, content: Buffer | string, mediaType: string): Promise<void> {
    const key = objectKey(digest);
    const headers = { ...ONLY_NEW, 'Content-Type': mediaType };
    try {
      const put = () =>
        typeof content === 'string'
          ? this.#s3.fPutObject(this.#bucket, key, content, headers)
          : this.#s3.putObject(this.#bucket, key, content, bytes, headers);
      await this.#within('putObject', bytes, put);
    } catch (error) {
      if (!isPreconditionFailed(error)) throw unavailable('putObject', key, error);
      await this.#checkSize(digest, bytes);
    }
  }

  /** Downloads to `path` by way of a temporary file; the bytes are checked against the digest. */
  async download(digest: Digest, path: string): Promise<void> {
    const temporary = `${path}.${randomUUID()}.part`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const found = await this.#stream(digest, createWriteStream(temporary));
      if (found !== digest) {
        throw new MlopsError(
          'MLOPS_ARTIFACT_CORRUPT',
          'An artifact does not hold the bytes that its name says.',
          { bucket: this.#bucket, key: objectKey(digest), found },
          PUT_BACK
        );
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      if (error instanceof MlopsError) throw error;
      throw missingOrUnavailable(this.#bucket, digest, error);
    }
  }

  /** All of these are live and now touched, or the step's record must not be written. */
  async touch(digests: readonly Digest[], session: ClientSession): Promise<void> {
    const distinct = [...new Set(digests)];
    if (distinct.length === 0) return;
    const result = await this.#documents.updateMany(
      { _id: { $in: distinct }, state: 'live' },
      { $currentDate: { touchedAt: true } },
      { session }
    );
    if (result.matchedCount !== distinct.length) throw deleting(distinct);
  }

  /** True if every one is live; then all of them are now touched, since somebody refers to them again. */
  async renew(digests: readonly Digest[]): Promise<boolean> {
    const distinct = [...new Set(digests)];
    if (distinct.length === 0) return true;
    const { matchedCount } = await this.#documents.updateMany(
      { _id: { $in: distinct }, state: 'live' },
      { $currentDate: { touchedAt: true } }
    );
    return matchedCount === distinct.length;
  }

  /** Removes object and document; only for bytes that no record refers to. What was begun is finished by the next call. */
  async remove(digest: Digest): Promise<void> {
    await this.#documents.updateOne({ _id: digest }, { $set: { state: 'deleting' } });
    await this.#within('removeObject', 0, () => this.#s3.removeObject(this.#bucket, objectKey(digest))).catch(
      (error: unknown) => {
        throw unavailable('removeObject', objectKey(digest), error);
      }
    );
    await this.#documents.deleteOne({ _id: digest, state: 'deleting' });
  }

  /** Those of the digests that have no live document. */
  async notLive(digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
    const dead = new Set(digests);
    if (dead.size === 0) return dead;
    const found = this.#documents.find({ _id: { $in: [...dead] }, state: 'live' }, { projection: { _id: 1 } });
    for await (const { _id } of found) dead.delete(_id);
    return dead;
  }

  async find(digest: Digest): Promise<ArtifactDocument | null> {
    return this.#documents.findOne({ _id: digest });
  }

  /** Where its object is: `<bucket>/cas/sha256/ab/cdef…`. */
  place(digest: Digest): string {
    return `${this.#bucket}/${objectKey(digest)}`;
  }

  /** Whether the object itself is in the store (doctor looks for documents without one). */
  async hasObject(digest: Digest): Promise<boolean> {
    return this.#within('statObject', 0, () => this.#s3.statObject(this.#bucket, objectKey(digest))).then(
      () => true,
      (error: { code?: string }) => {
        if (error.code === 'NotFound' || error.code === 'NoSuchKey') return false;
        throw unavailable('statObject', objectKey(digest), error);
      }
    );
  }

  /** The object's bytes, hashed; undefined where there is none. */
  async digestOfObject(digest: Digest): Promise<Digest | undefined> {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      return await this.#stream(digest, nowhere);
    } catch (error) {
      const failure = missingOrUnavailable(this.#bucket, digest, error);
      if (failure.code === 'MLOPS_ARTIFACT_CORRUPT') return undefined;
      throw failure;
    }
  }

  /** Artifacts' documents by digest. */
  scan(): AsyncIterable<ArtifactDocument> {
    return this.#documents.find().sort({ _id: 1 });
  }

  /** Puts a small object that isn't an artifact under a name of its own, unless there is one. */
  async putOnce(name: string, bytes: Buffer): Promise<void> {
    try {
      await this.#within('putObject', 0, () => this.#s3.putObject(this.#bucket, name, bytes, bytes.length, ONLY_NEW));
    } catch (error) {
      if (!isPreconditionFailed(error)) throw unavailable('putObject', name, error);
    }
  }

  /** A small object's bytes. */
  async read(name: string): Promise<Buffer> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of await this.#within('getObject', 0, () => this.#s3.getObject(this.#bucket, name)))
        chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw unavailable('getObject', name, error);
    }
  }

  /** Names of objects that begin like this, in order; `folders`: up to the next slash. */
  async *names(prefix: string, what: 'objects' | 'folders' = 'objects'): AsyncGenerator<string> {
    const listed = this.#s3.listObjectsV2(this.#bucket, prefix, what === 'objects');
    try {
      for await (const item of listed as AsyncIterable<{ name?: string; prefix?: string }>) {
        const name = what === 'objects' ? item.name : item.prefix;
        if (name !== undefined) yield name;
      }
    } catch (error) {
      throw unavailable('listObjects', prefix, error);
    }
  }

  /** Upserts the document as live; true if it was there before, and so the object too. */
  async #pin(digest: Digest, bytes: number): Promise<boolean> {
    const before = await this.#documents.findOneAndUpdate(
      { _id: digest },
      { $setOnInsert: { v: 1, state: 'live', bytes }, $currentDate: { touchedAt: true } },
      // Not journaled: if the server loses it, the touch within the commit finds no document, and the step runs again.
      { upsert: true, returnDocument: 'before', writeConcern: { w: 1, journal: false } }
    );
    if (before === null) {
      crashPoint('artifact:pinned');
      return false;
    }
    if (before.state === 'deleting') throw deleting([digest]);
    // The document is written before the object: an attempt that died between the two left only the document.
    return this.hasObject(digest);
  }

  /** Hashed on the way; given up when nothing comes for a while. */
  async #stream(digest: Digest, to: Writable): Promise<Digest> {
    const hash = createHash('sha256');
    const key = objectKey(digest);
    const object = await this.#within('getObject', 0, () => this.#s3.getObject(this.#bucket, key));
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      await pipeline(
        object,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            timer.refresh();
            hash.update(chunk);
            yield chunk;
          }
        },
        to,
        { signal: silence.signal }
      );
    } catch (error) {
      throw silence.signal.aborted ? unavailable('getObject', key, silent(SILENCE_MS)) : error;
    } finally {
      clearTimeout(timer);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  async #checkSize(digest: Digest, bytes: number): Promise<void> {
    const found = await this.#within('statObject', 0, () => this.#s3.statObject(this.#bucket, objectKey(digest)));
    if (found.size !== bytes) {
      throw new MlopsError(
        'MLOPS_ARTIFACT_CORRUPT',
        'An artifact of this digest is there with another size.',
        { bucket: this.#bucket, key: objectKey(digest), bytes: found.size, expected: bytes },
        'Remove the object and try again.'
      );
    }
  }

  /** minio-js has no time-out of its own: a server that is stopped in its tracks would hold an activity, and its socket, for ever. */
  async #within<T>(operation: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const limitMs = SILENCE_MS + bytes / PUT_BYTES_PER_MS;
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(unavailable(operation, this.#bucket, silent(limitMs)));
        late.abort();
      }, limitMs);
    });
    try {
      return await Promise.race([abortedBy.run(late.signal, work), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** No step makes it anew while its record is there. */
const PUT_BACK = 'Put it back from a backup or any copy: these bytes are known by that SHA-256.';

const ONLY_NEW = { 'If-None-Match': '*' };

/** `cas/sha256/ab/cdef…` */
export function objectKey(digest: Digest): string {
  const hex = digest.slice('sha256:'.length);
  return `cas/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
}

function isPreconditionFailed(error: unknown): boolean {
  return (error as { code?: string }).code === 'PreconditionFailed';
}

function deleting(digests: readonly Digest[]): MlopsError {
  return new MlopsError(
    'MLOPS_ARTIFACT_DELETING',
    'An artifact is being deleted, or gone.',
    { artifact: digests.length === 1 ? digests[0] : `one of ${digests.length}` },
    'The step runs again and makes it anew.'
  );
}

function silent(forMs: number): Error {
  return new Error(`no answer within ${forMs} ms`);
}

function unavailable(operation: string, key: string, cause: unknown): MlopsError {
  if (cause instanceof MlopsError) return cause;
  return new MlopsError(
    'MLOPS_STORE_UNAVAILABLE',
    `The object store failed: ${cause instanceof Error ? cause.message || cause.name : String(cause)}.`,
    { operation, key },
    'It is tried again; see mlops doctor if it goes on.',
    { cause }
  );
}

function missingOrUnavailable(bucket: string, digest: Digest, error: unknown): MlopsError {
  const code = (error as { code?: string }).code;
  if (code === 'NoSuchKey' || code === 'NotFound') {
    return new MlopsError(
      'MLOPS_ARTIFACT_CORRUPT',
      'An artifact is not in the object store.',
      { bucket, key: objectKey(digest) },
      PUT_BACK,
      { cause: error }
    );
  }
  return unavailable('getObject', objectKey(digest), error);
}

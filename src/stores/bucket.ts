/**
 * The bucket: S3 by keys, each operation with an end. minio-js has no time-out of its own, and hands no signal on; both are
 * added here, so that a server that is stopped in its tracks holds no activity and no socket.
 */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client as MinioClient, type ClientOptions } from 'minio';
import { MlopsError } from '../domain/errors';
import type { Digest } from '../domain/refs';
import type { StoreConfig } from './config';

/** A server that answers nothing for so long is down; a put has a second more for each megabyte. */
const SILENCE_MS = 8_000;
const PUT_BYTES_PER_MS = 1_000;

type Request = typeof httpRequest;

/** minio-js hands no signal on: an operation's requests get it here, so that their sockets are destroyed. */
function abortable(request: Request, signal: AbortSignal): Request {
  return ((options: RequestOptions, answered?: (response: IncomingMessage) => void) =>
    request({ ...options, signal }, answered)) as Request;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export interface IncompleteUpload {
  readonly key: string;
  readonly id: string;
  readonly begunAt: Date;
}

export class Bucket {
  readonly name: string;
  readonly #request: Request;
  readonly #options: ClientOptions;
  readonly #s3: MinioClient;

  constructor(config: StoreConfig['s3']) {
    const url = new URL(config.endpoint);
    const secure = url.protocol === 'https:';
    this.name = config.bucket;
    this.#request = secure ? httpsRequest : httpRequest;
    this.#options = {
      endPoint: url.hostname,
      port: Number(url.port) || (secure ? 443 : 80),
      useSSL: secure,
      accessKey: config.accessKey,
      secretKey: config.secretKey,
      region: config.region,
      transportAgent: secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }),
    };
    this.#s3 = new MinioClient(this.#options);
  }

  /** Makes the bucket, and checks that the server honours `If-None-Match` (a second put must be refused). */
  async prepare(): Promise<void> {
    if (!(await this.#within('bucketExists', 0, (s3) => s3.bucketExists(this.name)))) {
      await this.#s3.makeBucket(this.name).catch((error: { code?: string }) => {
        if (error.code !== 'BucketAlreadyOwnedByYou') throw error;
      });
    }
    const probe = Buffer.from('conditional put\n');
    const put = () =>
      this.#within('putObject', 0, (s3) =>
        s3.putObject(this.name, 'probe/conditional-put', probe, probe.length, ONLY_NEW)
      );
    const refused = () => put().then(() => false, isPreconditionFailed);
    if (!(await refused()) && !(await refused())) {
      throw new MlopsError(
        'MLOPS_SERVER_UNFIT',
        'The object store ignores If-None-Match, so an artifact could be overwritten.',
        { bucket: this.name },
        'Use a server with conditional puts (MinIO, S3).'
      );
    }
  }

  /**
   * Puts an object where there is none.
   * @param content its bytes, or the path of a local file: a stream whose source fails would hang minio-js
   * @returns false where there was one, which stays
   */
  async putNew(key: string, bytes: number, content: Buffer | string, mediaType?: string): Promise<boolean> {
    const headers = { ...ONLY_NEW, ...(mediaType === undefined ? {} : { 'Content-Type': mediaType }) };
    const put = (s3: MinioClient) =>
      typeof content === 'string'
        ? s3.fPutObject(this.name, key, content, headers)
        : s3.putObject(this.name, key, content, bytes, headers);
    try {
      await this.#within('putObject', bytes, put);
      return true;
    } catch (error) {
      if (isPreconditionFailed(error)) return false;
      throw unavailable('putObject', key, error);
    }
  }

  /** Undefined where there is no such object. */
  async bytesOf(key: string): Promise<number | undefined> {
    try {
      return (await this.#within('statObject', 0, (s3) => s3.statObject(this.name, key))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unavailable('statObject', key, error);
    }
  }

  /**
   * Writes an object's bytes to what `to` opens, hashed on the way; given up when nothing comes for a while.
   * @returns undefined where there is no such object
   */
  async stream(key: string, to: () => Writable): Promise<Digest | undefined> {
    try {
      return await this.#stream(key, to);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unavailable('getObject', key, error);
    }
  }

  /** An object that is not there counts as removed. */
  async remove(key: string): Promise<void> {
    await this.#within('removeObject', 0, (s3) => s3.removeObject(this.name, key)).catch((error: unknown) => {
      throw unavailable('removeObject', key, error);
    });
  }

  /** A small object's bytes. */
  async read(key: string): Promise<Buffer> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of await this.#within('getObject', 0, (s3) => s3.getObject(this.name, key)))
        chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw unavailable('getObject', key, error);
    }
  }

  /** Names of objects that begin like this, in order; `folders`: up to the next slash. */
  async *names(prefix: string, what: 'objects' | 'folders' = 'objects'): AsyncGenerator<string> {
    const listed = this.#s3.listObjectsV2(this.name, prefix, what === 'objects');
    try {
      for await (const item of listed as AsyncIterable<{ name?: string; prefix?: string }>) {
        const name = what === 'objects' ? item.name : item.prefix;
        if (name !== undefined) yield name;
      }
    } catch (error) {
      throw unavailable('listObjects', prefix, error);
    }
  }

  /** Objects that begin like this, in the order of their keys, from the one after `after` on. */
  async *objects(prefix: string, after = ''): AsyncGenerator<StoredObject> {
    const listed = this.#s3.listObjectsV2(this.name, prefix, true, after);
    try {
      for await (const item of listed as AsyncIterable<{ name?: string; size: number; lastModified?: Date }>) {
        if (item.name === undefined || item.lastModified === undefined) continue;
        yield { key: item.name, bytes: item.size, modifiedAt: item.lastModified };
      }
    } catch (error) {
      throw unavailable('listObjects', prefix, error);
    }
  }

  /** Multipart uploads that were begun and not completed. MinIO lists them only for an object's whole key. */
  async *uploads(prefix: string): AsyncGenerator<IncompleteUpload> {
    const listed = this.#s3.listIncompleteUploads(this.name, prefix, true);
    try {
      for await (const item of listed as AsyncIterable<{ key?: string; uploadId?: string; initiated?: Date }>) {
        if (item.key === undefined || item.uploadId === undefined || item.initiated === undefined) continue;
        yield { key: item.key, id: item.uploadId, begunAt: new Date(item.initiated) };
      }
    } catch (error) {
      throw unavailable('listMultipartUploads', prefix, error);
    }
  }

  /** One that is complete, or aborted already, counts as aborted. */
  async abortUpload({ key, id }: IncompleteUpload): Promise<void> {
    await this.#within('abortMultipartUpload', 0, (s3) => s3.abortMultipartUpload(this.name, key, id)).catch(
      (error: unknown) => {
        if ((error as { code?: string }).code !== 'NoSuchUpload') throw unavailable('abortMultipartUpload', key, error);
      }
    );
  }

  async #stream(key: string, to: () => Writable): Promise<Digest> {
    const hash = createHash('sha256');
    const object = await this.#within('getObject', 0, (s3) => s3.getObject(this.name, key));
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
        to(),
        { signal: silence.signal }
      );
    } catch (error) {
      throw silence.signal.aborted ? unavailable('getObject', key, silent(SILENCE_MS)) : error;
    } finally {
      clearTimeout(timer);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  /**
   * minio-js has no time-out of its own: a server that is stopped in its tracks would hold an activity, and its socket, for ever.
   * A client for each operation hands its signal on, where an AsyncLocalStorage would make every promise of the process dearer.
   */
  async #within<T>(operation: string, bytes: number, work: (s3: MinioClient) => Promise<T>): Promise<T> {
    const limitMs = SILENCE_MS + bytes / PUT_BYTES_PER_MS;
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(unavailable(operation, this.name, silent(limitMs)));
        late.abort();
      }, limitMs);
    });
    const s3 = new MinioClient({ ...this.#options, transport: { request: abortable(this.#request, late.signal) } });
    try {
      return await Promise.race([work(s3), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const ONLY_NEW = { 'If-None-Match': '*' };

function isPreconditionFailed(error: unknown): boolean {
  return (error as { code?: string }).code === 'PreconditionFailed';
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'NotFound' || code === 'NoSuchKey';
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

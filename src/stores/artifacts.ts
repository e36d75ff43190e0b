/**
 * Bytes under their own SHA-256. An artifact's document pins it: it is written before the object, and touched by every
 * step that refers to it. Housekeeping takes only what nobody touched for a long time, by compare-and-set on that very
 * touch (taking.ts), and what comes again gets another key: a late deletion names a key that nobody uses any more.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import type { ClientSession, Collection } from 'mongodb';
import { crashPoint } from '../runtime/crash-points';
import { digestOfBytes, digestOfFile } from '../runtime/digest';
import { MlopsError } from '../domain/errors';
import type { ArtifactRef, Digest } from '../domain/refs';
import { Bucket } from './bucket';
import type { StoreConfig } from './config';
import { collection, type Store } from './mongo';
import type { ArtifactDocument } from './mutable-records';

/** Files up to this size are read once, and hashed and put from memory. */
const IN_MEMORY_BYTES = 2 ** 23;

export class Artifacts {
  readonly bucket: Bucket;
  readonly #documents: Collection<ArtifactDocument>;

  constructor(store: Store, config: StoreConfig['s3']) {
    this.#documents = collection(store, 'artifacts');
    this.bucket = new Bucket(config);
  }

  /**
   * Stores a finished local file. Pins its document first, then puts the object; an object that is there already
   * with the same size is the same bytes.
   */
  async put(file: { name: string; path: string; mediaType: string }): Promise<ArtifactRef> {
    const { size: bytes } = await stat(file.path);
    const content = bytes <= IN_MEMORY_BYTES ? await readFile(file.path) : undefined;
    const digest = content === undefined ? await digestOfFile(file.path) : digestOfBytes(content);
    const key = await this.#pin(digest, bytes);
    if (key !== undefined && !(await this.bucket.putNew(key, bytes, content ?? file.path, file.mediaType)))
      await this.#checkSize(key, bytes);
    return { name: file.name, digest, bytes, mediaType: file.mediaType };
  }

  /**
   * Downloads to `path` by way of a temporary file; the bytes are checked against the digest.
   * @throws MlopsError MLOPS_ARTIFACT_TAKEN, MLOPS_ARTIFACT_CORRUPT (gone, or other bytes), MLOPS_STORE_UNAVAILABLE
   */
  async download(digest: Digest, path: string): Promise<void> {
    const temporary = `${path}.${randomUUID()}.part`;
    await mkdir(dirname(path), { recursive: true });
    try {
      const found = await this.#stream(digest, () => createWriteStream(temporary));
      if (found === undefined) throw await this.#gone(digest);
      if (found !== digest) {
        throw new MlopsError(
          'MLOPS_ARTIFACT_CORRUPT',
          'An artifact does not hold the bytes that its name says.',
          { bucket: this.bucket.name, key: objectKey(digest), found },
          PUT_BACK
        );
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
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

  /** Touches those that are live, since somebody refers to them again; true if all are. */
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
    const before = await this.#documents.findOneAndUpdate({ _id: digest }, { $set: { state: 'deleting' } });
    const generation = before?.generation ?? 0;
    await this.bucket.remove(objectKey(digest, generation));
    await this.#documents.deleteOne({ _id: digest, state: 'deleting', generation });
  }

  /** The documents of those of the digests that are not live; without a document: undefined. */
  async notLive(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, ArtifactDocument | undefined>> {
    const dead = new Map<Digest, ArtifactDocument | undefined>(digests.map((digest) => [digest, undefined]));
    if (dead.size === 0) return dead;
    for await (const document of this.#documents.find({ _id: { $in: [...dead.keys()] } })) {
      if (document.state === 'live') dead.delete(document._id);
      else dead.set(document._id, document);
    }
    return dead;
  }

  /** @throws MlopsError MLOPS_ARTIFACT_TAKEN: housekeeping took one of these */
  async requireNotTaken(digests: readonly Digest[]): Promise<void> {
    for (const document of (await this.notLive(digests)).values())
      if (document?.taken !== undefined) throw takenError(document);
  }

  async find(digest: Digest): Promise<ArtifactDocument | null> {
    return this.#documents.findOne({ _id: digest });
  }

  /** Where its object is: `<bucket>/cas/sha256/ab/cdef…`. */
  async place(digest: Digest): Promise<string> {
    return `${this.bucket.name}/${objectKey(digest, (await this.find(digest))?.generation)}`;
  }

  /** Whether the object itself is in the store (doctor looks for documents without one). */
  async hasObject(digest: Digest): Promise<boolean> {
    const generation = (await this.find(digest))?.generation;
    return (await this.bucket.bytesOf(objectKey(digest, generation))) !== undefined;
  }

  /** The object's bytes, hashed; undefined where there is none. */
  async digestOfObject({ _id, generation }: ArtifactDocument): Promise<Digest | undefined> {
    const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
    return this.bucket.stream(objectKey(_id, generation), nowhere);
  }

  /** Artifacts' documents by digest. */
  scan(): AsyncIterable<ArtifactDocument> {
    return this.#documents.find().sort({ _id: 1 });
  }

  /**
   * Upserts the document as live.
   * @returns the key for its object; undefined where the object is there
   */
  async #pin(digest: Digest, bytes: number): Promise<string | undefined> {
    // Not journaled: if the server loses it, the touch within the commit finds no document, and the step runs again.
    const writeConcern = { w: 1, journal: false } as const;
    for (;;) {
      const before = await this.#documents.findOneAndUpdate(
        { _id: digest },
        { $setOnInsert: { v: 1, state: 'live', bytes, generation: 0 }, $currentDate: { touchedAt: true } },
        { upsert: true, returnDocument: 'before', writeConcern }
      );
      if (before === null) {
        crashPoint('artifact:pinned');
        return objectKey(digest);
      }
      const { generation } = before;
      if (before.state === 'live') {
        // The document is written before the object: an attempt that died between the two left only the document.
        const key = objectKey(digest, generation);
        return (await this.bucket.bytesOf(key)) === undefined ? key : undefined;
      }
      // Taken, or about to be, and wanted again: under another key, which no deletion that has begun names.
      const { matchedCount } = await this.#documents.updateOne(
        { _id: digest, state: { $ne: 'live' }, generation },
        {
          $set: { state: 'live', bytes, generation: generation + 1 },
          $unset: { taken: '' },
          $currentDate: { touchedAt: true },
        },
        { writeConcern }
      );
      if (matchedCount === 0) continue;
      crashPoint('artifact:pinned');
      return objectKey(digest, generation + 1);
    }
  }

  /** Under its first key, where almost all are; else under the one that its document says. */
  async #stream(digest: Digest, to: () => Writable): Promise<Digest | undefined> {
    const found = await this.bucket.stream(objectKey(digest), to);
    if (found !== undefined) return found;
    const document = await this.find(digest);
    if (document === null || document.generation === 0) return undefined;
    return this.bucket.stream(objectKey(digest, document.generation), to);
  }

  async #gone(digest: Digest): Promise<MlopsError> {
    const document = await this.find(digest);
    if (document !== null && document.taken !== undefined) return takenError(document);
    return new MlopsError(
      'MLOPS_ARTIFACT_CORRUPT',
      'An artifact is not in the object store.',
      { bucket: this.bucket.name, key: objectKey(digest, document?.generation) },
      PUT_BACK
    );
  }

  async #checkSize(key: string, bytes: number): Promise<void> {
    const found = await this.bucket.bytesOf(key);
    if (found !== bytes) {
      throw new MlopsError(
        'MLOPS_ARTIFACT_CORRUPT',
        'An artifact of this digest is there with another size.',
        { bucket: this.bucket.name, key, bytes: found, expected: bytes },
        'Remove the object and try again.'
      );
    }
  }
}

/** No step makes it anew while its record is there. */
const PUT_BACK = 'Put it back from a backup or any copy: these bytes are known by that SHA-256.';

/** All artifacts' keys begin like this. */
export const ARTIFACT_KEYS = 'cas/sha256/';

/** `cas/sha256/ab/cdef…`; of bytes that came again after they were taken `cas/sha256/ab/cdef….1`, `….2`. */
export function objectKey(digest: Digest, generation = 0): string {
  const hex = digest.slice('sha256:'.length);
  return `${ARTIFACT_KEYS}${hex.slice(0, 2)}/${hex.slice(2)}${generation === 0 ? '' : `.${generation}`}`;
}

const ARTIFACT_KEY = /^cas\/sha256\/([0-9a-f]{2})\/([0-9a-f]{62})(?:\.([1-9]\d{0,8}))?$/;

/** The artifact that an object's key is of; undefined for any other key. */
export function artifactOfKey(key: string): { readonly digest: Digest; readonly generation: number } | undefined {
  const match = ARTIFACT_KEY.exec(key);
  return match === null
    ? undefined
    : { digest: `sha256:${match[1]}${match[2]}`, generation: match[3] === undefined ? 0 : Number(match[3]) };
}

function deleting(digests: readonly Digest[]): MlopsError {
  return new MlopsError(
    'MLOPS_ARTIFACT_DELETING',
    'An artifact is being deleted, or gone.',
    { artifact: digests.length === 1 ? digests[0] : `one of ${digests.length}` },
    'The step runs again and makes it anew.'
  );
}

/** `taken by housekeeping on 2026-01-02, because …` */
export function takenWords({ at, why }: NonNullable<ArtifactDocument['taken']>): string {
  return `taken by housekeeping on ${at.toISOString().slice(0, 10)}, because ${why}`;
}

function takenError({ _id, taken }: ArtifactDocument): MlopsError {
  return new MlopsError(
    'MLOPS_ARTIFACT_TAKEN',
    `The bytes of an artifact were ${taken === undefined ? 'taken by housekeeping' : takenWords(taken)}.`,
    { artifact: _id },
    'Retrain to make such data and models anew. Keep what must stay: `mlops hold`.'
  );
}

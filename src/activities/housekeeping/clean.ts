/**
 * One batch of housekeeping. It judges by what the records say now, so that a batch goes by no list that is older than
 * itself; and takes only what nobody touched for longer than the grace before it began to read.
 */
import {
  addTallies,
  type BytesOf,
  type Cursor,
  judgeBytes,
  type RetentionMs,
  type Tally,
} from '../../domain/housekeeping';
import { crashPoint } from '../../runtime/crash-points';
import { ARTIFACT_KEYS, artifactOfKey } from '../../stores/artifacts';
import type { StoredObject } from '../../stores/bucket';
import type { Stores } from '../../stores/connect';
import type { ArtifactDocument } from '../../stores/mutable-records';
import { chunks } from '../../stores/needs';
import {
  artifactsAfter,
  artifactsOf,
  condemn,
  condemnedArtifacts,
  condemnOrphan,
  storeNow,
  takeCondemned,
} from '../../stores/taking';
import { Standings } from './standings';
import { cleanViews } from './views';

export interface Cleaning {
  readonly run: string;
  readonly retention: RetentionMs;
  readonly dryRun: boolean;
  readonly cursor: Cursor;
  /** Most artifacts that are taken in one batch. */
  readonly most: number;
}

export interface Cleaned {
  readonly cursor: Cursor;
  readonly took: readonly Tally[];
  readonly kept: readonly Tally[];
}

const AT_ONCE = 8;

/** @param signal between two removals it stops, and the next attempt goes on */
export async function clean(stores: Stores, cleaning: Cleaning, signal: AbortSignal): Promise<Cleaned> {
  const now = (await storeNow(stores)).getTime();
  const batch = new Batch(stores, cleaning, now, signal);
  if (cleaning.cursor.stage === 'documents') return batch.documents();
  if (cleaning.cursor.stage === 'objects') return batch.objects();
  if (cleaning.cursor.stage === 'uploads') return batch.uploads();
  const { retention, dryRun } = cleaning;
  return { cursor: { stage: 'done', after: '' }, ...(await cleanViews(stores, { retention, dryRun, now }, signal)) };
}

class Batch {
  readonly #stores: Stores;
  readonly #cleaning: Cleaning;
  readonly #now: number;
  readonly #signal: AbortSignal;
  readonly #took: Tally[] = [];
  readonly #kept: Tally[] = [];
  #count = 0;

  constructor(stores: Stores, cleaning: Cleaning, now: number, signal: AbortSignal) {
    this.#stores = stores;
    this.#cleaning = cleaning;
    this.#now = now;
    this.#signal = signal;
  }

  async documents(): Promise<Cleaned> {
    const { cursor, dryRun, retention, most } = this.#cleaning;
    if (!dryRun) await this.#finish();
    const standings = await Standings.at(this.#stores, this.#now, retention);
    crashPoint('housekeeping:marked');
    let last = cursor.after;
    let waiting: { document: ArtifactDocument; what: BytesOf; why: string }[] = [];
    for await (const document of artifactsAfter(this.#stores, cursor.after)) {
      this.#signal.throwIfAborted();
      last = document._id;
      if (document.state !== 'live') continue;
      const verdict = judgeBytes(standings.of(document._id), this.#now - document.touchedAt.getTime(), retention);
      if ('keep' in verdict) this.#keep(verdict.what, verdict.keep, document.bytes);
      else waiting.push({ document, what: verdict.what, why: verdict.take });
      if (waiting.length < AT_ONCE) continue;
      await this.#take(waiting);
      waiting = [];
      if (!dryRun && this.#count >= most) return this.#result({ stage: 'documents', after: last });
    }
    await this.#take(waiting);
    return this.#result({ stage: 'objects', after: '' });
  }

  /** Objects that no document is of, or no document is of any more. */
  async objects(): Promise<Cleaned> {
    const { cursor, dryRun, most } = this.#cleaning;
    if (!dryRun) await this.#finish();
    let last = cursor.after;
    let waiting: StoredObject[] = [];
    for await (const object of this.#stores.artifacts.bucket.objects(ARTIFACT_KEYS, cursor.after)) {
      this.#signal.throwIfAborted();
      last = object.key;
      waiting.push(object);
      if (waiting.length < 500) continue;
      await this.#orphans(waiting);
      waiting = [];
      if (!dryRun && this.#count >= most) return this.#result({ stage: 'objects', after: last });
    }
    await this.#orphans(waiting);
    return this.#result({ stage: 'uploads', after: '' });
  }

  async uploads(): Promise<Cleaned> {
    const { bucket } = this.#stores.artifacts;
    for await (const upload of bucket.uploads(ARTIFACT_KEYS)) {
      this.#signal.throwIfAborted();
      if (artifactOfKey(upload.key) === undefined || !this.#isOld(upload.begunAt)) continue;
      if (!this.#cleaning.dryRun) await bucket.abortUpload(upload);
      this.#tookOne('incomplete upload', this.#grace(), 0);
    }
    return this.#result({ stage: 'views', after: '' });
  }

  /** What an earlier run, or an earlier attempt of this one, has condemned. */
  async #finish(): Promise<void> {
    for await (const document of condemnedArtifacts(this.#stores)) {
      this.#signal.throwIfAborted();
      // A step that removes its checkpoint at this moment does it itself.
      if (document.taken === undefined && !this.#isOld(document.touchedAt)) continue;
      await takeCondemned(this.#stores, document);
    }
  }

  async #take(all: readonly { document: ArtifactDocument; what: BytesOf; why: string }[]): Promise<void> {
    const { dryRun, run } = this.#cleaning;
    await Promise.all(
      all.map(async ({ document, what, why }) => {
        if (dryRun) return this.#tookOne(what, why, document.bytes);
        const condemning = { what, why, run };
        if (!(await condemn(this.#stores, document, condemning))) return this.#keep(what, 'grace', document.bytes);
        await takeCondemned(this.#stores, { ...document, taken: { at: new Date(this.#now), ...condemning } });
        this.#tookOne(what, why, document.bytes);
      })
    );
  }

  async #orphans(objects: readonly StoredObject[]): Promise<void> {
    const { dryRun, run } = this.#cleaning;
    const old = objects.flatMap((object) => {
      const of = artifactOfKey(object.key);
      return of === undefined || !this.#isOld(object.modifiedAt) ? [] : [{ ...object, ...of }];
    });
    const documents = await artifactsOf(
      this.#stores,
      old.map(({ digest }) => digest)
    );
    for (const some of chunks(old, AT_ONCE)) {
      await Promise.all(
        some.map(async (object) => {
          const { digest, generation, bytes, key } = object;
          const document = documents.get(digest);
          // A document's own object, and one that it will be of: a step pins its document before it puts its object.
          if (document !== undefined && (generation > document.generation || isItsOwn(document, generation))) return;
          const why = this.#grace();
          const what = document === undefined ? 'no document' : 'earlier generation';
          if (dryRun) return this.#tookOne(what, why, bytes);
          if (document === undefined) {
            const taken = { what: 'no document', why, run } as const;
            if (!(await condemnOrphan(this.#stores, { digest, generation, bytes }, taken))) return;
            await takeCondemned(this.#stores, {
              _id: digest,
              generation,
              taken: { at: new Date(this.#now), ...taken },
            });
          } else await this.#stores.artifacts.bucket.remove(key);
          this.#tookOne(what, why, bytes);
        })
      );
    }
  }

  #isOld(since: Date): boolean {
    return this.#now - since.getTime() > this.#cleaning.retention.grace;
  }

  #grace(): string {
    return 'no document was of it since before the grace';
  }

  #tookOne(what: BytesOf, why: string, bytes: number): void {
    this.#count += 1;
    this.#took.push({ what, why, count: 1, bytes });
    if (this.#took.length > 1_000) this.#took.push(...addTallies(this.#took.splice(0)));
  }

  #keep(what: BytesOf, why: string, bytes: number): void {
    this.#kept.push({ what, why, count: 1, bytes });
    if (this.#kept.length > 1_000) this.#kept.push(...addTallies(this.#kept.splice(0)));
  }

  #result(cursor: Cursor): Cleaned {
    return { cursor, took: addTallies(this.#took), kept: addTallies(this.#kept) };
  }
}

/** While it is live or about to be taken, the object of its generation is its own. */
function isItsOwn({ state, generation }: ArtifactDocument, of: number): boolean {
  return state !== 'deleted' && generation === of;
}

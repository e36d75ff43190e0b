/**
 * Makes the replica serve what the endpoint's document says. Level-triggered: all that counts is the last document
 * read. A revision is taken when all of its models are loaded and warm; until then the one before is served. Loading goes
 * on beside reading, so that a slow download never holds up a rollback to a model that is here.
 */
import { type EndpointDocument, type ServedVersion, stepOf } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';
import { type LoadedModel, loadModel } from '../serve/loaded-model';
import type { Predictor, Serving } from '../serve/predictor';
import type { ModelCache } from './model-cache';
import type { Problems, ReplicaLog } from './problems';
import { readJson, writeJson } from './replica-folder';

export interface ReconcilerOptions {
  readonly predictor: Predictor;
  readonly cache: ModelCache;
  /** Where the last document that was served is kept. */
  readonly file: string;
  readonly problems: Problems;
  readonly log: ReplicaLog;
  /** A revision was taken. */
  readonly onTaken: () => void;
}

/** A model that failed to load is tried again after this. */
const RELOAD_MS = 5_000;

type Slot =
  | { readonly state: 'loading' }
  | { readonly state: 'loaded'; readonly model: LoadedModel }
  | { readonly state: 'failed'; readonly error: Error; readonly at: number };

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #slots = new Map<string, Slot>();
  #desired: EndpointDocument | undefined;
  #taken: EndpointDocument | undefined;
  #converging: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** The document that is served. */
  get taken(): EndpointDocument | undefined {
    return this.#taken;
  }

  /** The last one that was read: what it says of windows and rollouts holds before its models are loaded. */
  get latest(): EndpointDocument | undefined {
    return this.#desired;
  }

  /** Serves what the process before served, if its models are on disk: no server is asked. */
  async restore(): Promise<void> {
    const document = await readJson<EndpointDocument>(this.#options.file);
    if (document === undefined) return;
    this.#desired = document;
    for (const version of versionsOf(document)) {
      const bytes = await this.#options.cache.onDisk(version.model);
      if (bytes === undefined) return;
      await this.#load(version, async () => bytes);
    }
    await this.#converge();
  }

  /** @throws MlopsError MLOPS_RECORD_VERSION for a document of a later release */
  async act(document: EndpointDocument): Promise<void> {
    if ((document.v as number) !== 1) {
      const where = { collection: 'endpoints', id: document._id, v: document.v };
      throw new MlopsError(
        'MLOPS_RECORD_VERSION',
        'The endpoint was written by a newer release.',
        where,
        'Upgrade this replica.'
      );
    }
    this.#desired = document;
    await this.#converge();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#converging;
    const loaded = [...this.#slots.values()].flatMap((slot) => (slot.state === 'loaded' ? [slot.model.close()] : []));
    this.#slots.clear();
    await Promise.all(loaded);
  }

  /** One at a time: the file on disk must be that of the last document taken. */
  #converge(): Promise<void> {
    const next = this.#converging.then(() => this.#convergeNow());
    this.#converging = next.catch(() => undefined);
    return next;
  }

  async #convergeNow(): Promise<void> {
    const document = this.#desired;
    const { cache, problems } = this.#options;
    if (document === undefined || this.#closed) return;
    if (JSON.stringify(document) === JSON.stringify(this.#taken)) return problems.note('load', undefined);
    const serving = this.#servingOf(document);
    if (serving !== 'not yet') return this.#take(document, serving);
    problems.note('load', this.#failureOf(document));
    for (const version of versionsOf(document)) {
      const slot = this.#slots.get(slotOf(version));
      if (slot !== undefined && !(slot.state === 'failed' && Date.now() - slot.at >= RELOAD_MS)) continue;
      // Not awaited: the next document may need nothing of it.
      void this.#load(version, () => cache.bytes(version.model))
        .then(() => this.#converge())
        .catch((error: Error) => problems.note('load', error));
    }
  }

  #servingOf({ revision, rollout, champion, candidate, watch }: EndpointDocument): Serving | undefined | 'not yet' {
    if (champion === undefined) return undefined;
    const first = this.#loaded(champion);
    const second = candidate === undefined ? undefined : this.#loaded(candidate);
    if (first === undefined || (candidate !== undefined && second === undefined)) return 'not yet';
    return {
      revision,
      rolloutId: rollout.id,
      step: stepOf(rollout),
      withoutEventTime: watch.withoutEventTime,
      champion: first,
      ...(candidate === undefined || second === undefined
        ? {}
        : { candidate: { model: second, share: candidate.share, shadow: candidate.shadow } }),
    };
  }

  async #take(document: EndpointDocument, serving: Serving | undefined): Promise<void> {
    const { predictor, problems, log, file, onTaken } = this.#options;
    predictor.take(serving);
    this.#taken = document;
    problems.note('load', undefined);
    const { revision, rollout, champion, candidate } = document;
    log.info(
      {
        revision,
        step: rollout.stepName,
        champion: champion?.number,
        candidate: candidate?.number,
        share: candidate?.share,
      },
      'serves'
    );
    onTaken();
    await writeJson(file, document);
    await this.#release(versionsOf(document).map(slotOf));
  }

  async #release(needed: readonly string[]): Promise<void> {
    const kept = new Set([...needed, ...(this.#desired === undefined ? [] : versionsOf(this.#desired).map(slotOf))]);
    for (const [key, slot] of this.#slots) {
      if (kept.has(key) || slot.state === 'loading') continue;
      this.#slots.delete(key);
      if (slot.state === 'loaded') await slot.model.close();
    }
  }

  async #load(version: ServedVersion, bytesOf: () => Promise<Uint8Array>): Promise<void> {
    const key = slotOf(version);
    this.#slots.set(key, { state: 'loading' });
    try {
      const model = await loadModel(version, await bytesOf());
      if (this.#closed) await model.close();
      else this.#slots.set(key, { state: 'loaded', model });
    } catch (error) {
      this.#slots.set(key, { state: 'failed', error: error as Error, at: Date.now() });
    }
  }

  #loaded(version: ServedVersion): LoadedModel | undefined {
    const slot = this.#slots.get(slotOf(version));
    return slot?.state === 'loaded' ? slot.model : undefined;
  }

  #failureOf(document: EndpointDocument): Error | undefined {
    for (const version of versionsOf(document)) {
      const slot = this.#slots.get(slotOf(version));
      if (slot?.state === 'failed') {
        return new Error(`revision ${document.revision} needs version ${version.number}: ${slot.error.message}`);
      }
    }
    return undefined;
  }
}

function versionsOf({ champion, candidate }: EndpointDocument): ServedVersion[] {
  return [champion, candidate].filter((version) => version !== undefined);
}

/** Two versions may have the same bytes, and yet another threshold. */
function slotOf({ version, model, task, controlShare, inputs, views }: ServedVersion): string {
  return JSON.stringify([version, model, task, controlShare, inputs, views]);
}

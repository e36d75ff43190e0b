/**
 * Values of feature views for requests: from MongoDB, in one read for a request; where it is away or slow, what this replica has
 * read last of the same entity. An old copy does no harm: whoever takes a value judges its age.
 */
import type { EntityOfView, ReadViews, ViewValue } from '../serve/join-views';
import { entityValueId, findViewValues } from '../stores/view-values';
import type { Store } from '../stores/open';

export interface ViewReaderOptions {
  readonly store: Store;
  /** MongoDB's time for one read. */
  readonly readMs: number;
  /** Entities whose last value is kept. */
  readonly copies: number;
  /** Each read's failure, or undefined when it went well. */
  readonly onResult: (failure: Error | undefined) => void;
}

/** After a failure MongoDB is not asked for so long: requests need not wait for it each. */
const PAUSE_MS = 1_000;

export function viewReader({ store, readMs, copies, onResult }: ViewReaderOptions): ReadViews {
  const kept = new LastRead(copies);
  let askAgainAt = 0;
  return async (asked) => {
    const ids = asked.map(({ view, entity }: EntityOfView) => entityValueId(view, entity));
    if (ids.length > 0 && performance.now() >= askAgainAt) {
      try {
        const found = await within(readMs, findViewValues(store, [...new Set(ids)], readMs));
        const values = new Map(found.map(({ _id, moment, values: each }) => [_id, { moment, values: each }]));
        kept.keep(ids, values);
        onResult(undefined);
        return ids.map((id) => values.get(id) ?? 'unknown');
      } catch (error) {
        askAgainAt = performance.now() + PAUSE_MS;
        onResult(error as Error);
      }
    }
    return ids.map((id) => kept.get(id));
  };
}

/** The last value read of each entity, the longest unused ones left out. */
class LastRead {
  readonly #most: number;
  readonly #values = new Map<string, ViewValue | 'unknown'>();

  constructor(most: number) {
    this.#most = most;
  }

  get(id: string): ViewValue | 'unknown' | 'unreadable' {
    const value = this.#values.get(id);
    if (value === undefined) return 'unreadable';
    this.#values.delete(id);
    this.#values.set(id, value);
    return value;
  }

  keep(ids: readonly string[], found: ReadonlyMap<string, ViewValue>): void {
    for (const id of ids) {
      this.#values.delete(id);
      this.#values.set(id, found.get(id) ?? 'unknown');
    }
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) return;
      this.#values.delete(oldest);
    }
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`MongoDB did not answer within ${limitMs} ms`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

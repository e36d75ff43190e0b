/**
 * Truths of the last predictions, so that one which contradicts another is refused at the door. What this replica doesn't
 * remember is found when it is stored, and kept aside there.
 */
import type { TruthRecord } from '../domain/endpoint';
import { MlopsError } from '../domain/errors';

export class RecentTruths {
  readonly #capacity: number;
  /** By the truth's id, which has its revision in it. */
  readonly #values = new Map<string, TruthRecord['value']>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Remembers all of them, or none. What it returns forgets those that are new.
   * @throws MlopsError MLOPS_TRUTH_CONFLICT, naming the first value
   */
  remember(truths: readonly TruthRecord[]): () => void {
    const added: string[] = [];
    const forget = (): void => {
      for (const id of added) this.#values.delete(id);
    };
    for (const { _id, prediction, revision, value } of truths) {
      const first = this.#values.get(_id);
      if (first === undefined) {
        this.#values.set(_id, value);
        added.push(_id);
      } else if (first !== value) {
        forget();
        throw new MlopsError(
          'MLOPS_TRUTH_CONFLICT',
          'This prediction has another truth.',
          { id: prediction, revision, first, found: value },
          `Send a correction with "revision": ${revision + 1}, or a later one.`
        );
      }
    }
    this.#bound();
    return forget;
  }

  /** What the process before this one had taken; the first of two is the one that counts. */
  recall(truths: readonly TruthRecord[]): void {
    for (const { _id, value } of truths) if (!this.#values.has(_id)) this.#values.set(_id, value);
    this.#bound();
  }

  #bound(): void {
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#capacity) return;
      this.#values.delete(oldest);
    }
  }
}

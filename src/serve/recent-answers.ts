/**
 * Answers of the last requests whose id the client gave. The same id with the same inputs gets the same answer, and
 * no second record; with other inputs it is a conflict.
 *
 * What holds: exactly that, while the id is remembered: the last `capacity` rows of this replica, and after a restart
 * those that weren't shipped yet. An older id, or one that came to two replicas, is scored again by what serves then
 * (the same bits where it's the same version); MongoDB's unique `_id` keeps the first record that was shipped.
 */
import { createHash } from 'node:crypto';
import { MlopsError } from '../domain/errors';
import type { Answer } from './predictor';

interface Remembered {
  readonly inputs: string;
  readonly rows: number;
  readonly answer: Promise<Answer>;
}

export class RecentAnswers {
  readonly #capacity: number;
  readonly #answers = new Map<string, Remembered>();
  #rows = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @throws MlopsError MLOPS_PREDICTION_CONFLICT */
  find(request: string, rows: readonly unknown[]): Promise<Answer> | undefined {
    const known = this.#answers.get(request);
    if (known === undefined || known.inputs === fingerprint(rows)) return known?.answer;
    throw new MlopsError(
      'MLOPS_PREDICTION_CONFLICT',
      'This id was given to a request with other inputs.',
      { id: request },
      'Give each request its own id, and repeat one only as it was.'
    );
  }

  /** Also while the answer is being made, so that two requests at once are one; a failed one is forgotten. */
  remember(request: string, rows: readonly unknown[], answer: Promise<Answer>): void {
    this.#answers.set(request, { inputs: fingerprint(rows), rows: rows.length, answer });
    this.#rows += rows.length;
    answer.catch(() => this.#forget(request));
    for (const oldest of this.#answers.keys()) {
      if (this.#rows <= this.#capacity) return;
      this.#forget(oldest);
    }
  }

  #forget(request: string): void {
    this.#rows -= this.#answers.get(request)?.rows ?? 0;
    this.#answers.delete(request);
  }
}

/** Short inputs stand for themselves. */
function fingerprint(rows: readonly unknown[]): string {
  const text = JSON.stringify(rows);
  return text.length <= 128 ? text : createHash('sha256').update(text).digest('base64');
}

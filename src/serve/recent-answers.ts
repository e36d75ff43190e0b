/**
 * The last requests: how many rows each had, and, where the client gave the id, the answer. The same id with the same
 * inputs gets the same answer, and no second record; with other inputs or another event time it is a conflict.
 *
 * What holds: exactly that, while the id is remembered: the last `capacity` rows of this replica, and after a restart
 * those that weren't shipped yet. An older id, or one that came to two replicas, is scored again by what serves then
 * (the same bits where it's the same version). The first record that is shipped is the prediction; one with other inputs is
 * kept aside (stores/conflicts.ts).
 */
import { createHash } from 'node:crypto';
import { MlopsError } from '../domain/errors';
import { parsePredictionId, predictionId } from '../domain/ids';
import type { Answer } from './predictor';

/** What is compared when an id comes again. */
export interface Asked {
  readonly rows: readonly unknown[];
  /** Undefined where the client left it out. */
  readonly eventTime?: Date;
}

interface Remembered {
  readonly rows: number;
  /** Only of an id that the client gave. */
  readonly given?: { readonly inputs: string; readonly eventTime?: number; readonly answer: Promise<Answer> };
}

export class RecentAnswers {
  readonly #capacity: number;
  readonly #answers = new Map<string, Remembered>();
  #rows = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @throws MlopsError MLOPS_PREDICTION_CONFLICT */
  find(request: string, { rows, eventTime }: Asked): Promise<Answer> | undefined {
    const known = this.#answers.get(request)?.given;
    if (known === undefined) return undefined;
    const sameTime = eventTime === undefined || eventTime.getTime() === known.eventTime;
    if (sameTime && known.inputs === fingerprint(rows)) return known.answer;
    throw new MlopsError(
      'MLOPS_PREDICTION_CONFLICT',
      `This id was given to a request with ${sameTime ? 'other inputs' : 'another event time'}.`,
      { id: request },
      'Give each request its own id, and repeat one only as it was.'
    );
  }

  /** Also while the answer is being made, so that two requests at once are one; a failed one is forgotten. */
  remember(request: string, rows: readonly unknown[], eventTime: Date | undefined, answer: Promise<Answer>): void {
    const at = eventTime === undefined ? {} : { eventTime: eventTime.getTime() };
    const given = { inputs: fingerprint(rows), ...at, answer };
    this.#keep(request, { rows: rows.length, given });
    answer.catch(() => this.#forget(request));
  }

  /** For an id that was made here: it can't come again, but truths name its rows. */
  rememberRows(request: string, rows: number): void {
    this.#keep(request, { rows });
  }

  /**
   * Why this can't be a prediction's id, in words; undefined where it can, as far as this replica knows.
   * @param id with its row, where the request had several
   */
  mistakeIn(id: string): string | undefined {
    const name = parsePredictionId(id);
    const rows = name === undefined ? undefined : this.#answers.get(name.request)?.rows;
    if (name === undefined || rows === undefined) return undefined;
    if (rows === 1) return name.row === undefined ? undefined : `request ${name.request} has one row, without a number`;
    if (name.row !== undefined && name.row < rows) return undefined;
    return `request ${name.request} has ${rows} rows: ${predictionId(name.request, 0, rows)} to ${predictionId(name.request, rows - 1, rows)}`;
  }

  #keep(request: string, remembered: Remembered): void {
    this.#answers.set(request, remembered);
    this.#rows += remembered.rows;
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

/** How many updates a run has taken: by them it refuses more, and gives way to the next. */
import { ApplicationFailure } from '@temporalio/workflow';
import { refusedUpdate, UPDATES_PER_RUN, type Whose } from '../domain/message-limits';

export class UpdatesTaken {
  /** Nothing more begins in this run: it ends once what it took is done. */
  closing = false;
  #inAll = 0;
  /** By the sender's name. */
  readonly #by = new Map<string, number>();
  readonly #whose: Whose;

  constructor(whose: Whose) {
    this.#whose = whose;
  }

  count(sender: string): void {
    this.#inAll += 1;
    this.#by.set(sender, (this.#by.get(sender) ?? 0) + 1);
  }

  /** A new run begins before Temporal refuses messages to this one. */
  get full(): boolean {
    return this.#inAll >= UPDATES_PER_RUN;
  }

  /** Of a validator: throws where one more is too many. */
  requireRoom(name: string, sender: string, awaited: boolean): void {
    const taken = { inAll: this.#inAll, bySender: this.#by.get(sender) ?? 0, closing: this.closing };
    const refused = refusedUpdate(name, taken, awaited, this.#whose);
    if (refused !== undefined)
      throw ApplicationFailure.nonRetryable(`MLOPS_TOO_MANY_MESSAGES: ${refused}`, 'MLOPS_TOO_MANY_MESSAGES');
  }
}

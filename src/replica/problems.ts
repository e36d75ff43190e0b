/** What doesn't work at the moment, by part: logged when it begins, changes and ends, and shown in the replica's report. */
export interface ReplicaLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type Part = 'reconcile' | 'load' | 'ship' | 'report' | 'watermark' | 'views';

export class Problems {
  readonly #log: ReplicaLog;
  readonly #open = new Map<Part, string>();

  constructor(log: ReplicaLog) {
    this.#log = log;
  }

  /** @param failure undefined: this part works */
  note(part: Part, failure: Error | undefined): void {
    const before = this.#open.get(part);
    if (failure === undefined) {
      if (before !== undefined) this.#log.info({ part }, 'works again');
      this.#open.delete(part);
      return;
    }
    if (failure.message !== before) this.#log.warn({ part, error: failure.message }, 'fails; tried again');
    this.#open.set(part, failure.message);
  }

  /** One line, or undefined when everything works. */
  get summary(): string | undefined {
    // A report that arrives is proof that reporting works.
    const open = [...this.#open].filter(([part]) => part !== 'report');
    if (open.length === 0) return undefined;
    return open
      .map(([part, message]) => `${part}: ${message}`)
      .join('; ')
      .slice(0, 1_000);
  }
}

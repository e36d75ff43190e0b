/**
 * One driver sends requests and truths merged in event order; its position is event time. Where the narrative says
 * so it holds, and synthetic requests keep the endpoint busy meanwhile.
 */
import { Pool } from 'undici';
import type { Flight } from './flights';

type Happening = { readonly at: number; readonly kind: 'predict' | 'truth'; readonly flight: Flight };

/** Looked at before each happening: a promise to wait for, or nothing. */
export type Hold = (position: number) => Promise<unknown> | undefined;

const IN_FLIGHT = 48;
const SYNTHETIC_PER_SECOND = 20;
const MILES_TO_KM = 1.609;

export interface TrafficOptions {
  readonly endpoint: string;
  readonly model: string;
  readonly flights: readonly Flight[];
  /** Distances in km instead of miles within [from, to): a data fault on demand. */
  readonly kmBetween?: { readonly from: number; readonly to: number };
}

export class Traffic {
  readonly #pool: Pool;
  readonly #options: TrafficOptions;
  readonly #happenings: readonly Happening[];
  #next = 0;
  #synthetics = 0;
  /** Event time of the last thing that was sent, ms. */
  position = 0;
  predictions = 0;
  truths = 0;
  refused = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#pool = new Pool(options.endpoint, { connections: IN_FLIGHT, pipelining: 1 });
    this.#happenings = options.flights
      .flatMap((flight): Happening[] => [
        { at: flight.departs, kind: 'predict', flight },
        { at: flight.truthAt, kind: 'truth', flight },
      ])
      .sort((a, b) => a.at - b.at);
  }

  /** Sends until `ended` says so, or nothing is left. */
  async run(hold: Hold, ended: () => boolean): Promise<void> {
    const flying = new Set<Promise<void>>();
    let failure: unknown;
    while (this.#next < this.#happenings.length && !ended()) {
      const happening = this.#happenings[this.#next]!;
      const holding = hold(this.position);
      if (holding !== undefined) {
        await Promise.all(flying);
        await this.#sendSyntheticUntil(holding);
        continue;
      }
      this.#next += 1;
      this.position = happening.at;
      const sending: Promise<void> = this.#send(happening)
        .catch((error: unknown) => {
          failure = error;
        })
        .finally(() => flying.delete(sending));
      flying.add(sending);
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
      if (failure !== undefined) throw failure;
    }
    await Promise.all(flying);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #send({ kind, flight }: Happening): Promise<void> {
    if (kind === 'predict') {
      await this.#post('infer', this.#inferBody(flight, shortId(flight)));
      this.predictions += 1;
      return;
    }
    await this.#post('truth', {
      id: shortId(flight),
      value: flight.late,
      eventTime: new Date(flight.truthAt).toISOString(),
    });
    this.truths += 1;
  }

  #inferBody(flight: Flight, id: string, synthetic = false): unknown {
    const { kmBetween } = this.#options;
    const inKm = kmBetween !== undefined && flight.departs >= kmBetween.from && flight.departs < kmBetween.to;
    const distance = inKm ? Math.round(flight.distance * MILES_TO_KM) : flight.distance;
    return {
      id,
      parameters: {
        eventTime: new Date(flight.departs).toISOString(),
        key: flight.key,
        ...(synthetic ? { synthetic: true } : {}),
      },
      inputs: [
        { name: 'date', shape: [1], datatype: 'INT64', data: [Number(flight.date)] },
        { name: 'distance', shape: [1], datatype: 'INT64', data: [distance] },
        { name: 'origin', shape: [1], datatype: 'BYTES', data: [flight.origin] },
        { name: 'destination', shape: [1], datatype: 'BYTES', data: [flight.destination] },
      ],
    };
  }

  /** 20 requests a second, repeated, with ids of their own and marked: never counted, never judged. */
  async #sendSyntheticUntil(holding: Promise<unknown>): Promise<void> {
    let held = true;
    const released = holding.finally(() => {
      held = false;
    });
    released.catch(() => undefined);
    while (held) {
      const { flight } = this.#happenings[this.#synthetics % Math.max(this.#next, 1)]!;
      this.#synthetics += 1;
      await this.#post('infer', this.#inferBody(flight, `synthetic-${process.pid}-${this.#synthetics}`, true));
      await Promise.race([released, new Promise((resolve) => setTimeout(resolve, 1000 / SYNTHETIC_PER_SECOND))]);
    }
    await released;
  }

  async #post(action: 'infer' | 'truth', body: unknown): Promise<void> {
    const path = `/v2/models/${this.#options.model}/${action}`;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.body.text();
      if (answer.statusCode < 300) return;
      // A full spool asks to come back; anything else is a fault of ours.
      if (answer.statusCode !== 503 || attempt >= 100)
        throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
      this.refused += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The row's number is unique in the one file that is served; the file's digest stays in the sticky key. */
function shortId(flight: Flight): string {
  return flight.key.slice(flight.key.lastIndexOf(':') + 1);
}

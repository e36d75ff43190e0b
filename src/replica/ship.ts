/** From the spool to MongoDB, in order: at least once on the way, stored once by each record's `_id`. */
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { EndpointClock, PredictionRecord, TruthRecord } from '../domain/endpoint';
import type { Spool } from '../serve/spool';
import { decodeEntry, type SpoolEntry } from '../serve/spool-entry';
import type { RecordWriter } from '../stores/predictions';
import { EventClock, type EventClockState } from './event-clock';
import type { ReplicaLog } from './problems';
import { restMs } from './ship-rest';

export interface ShipperOptions {
  readonly spool: Spool;
  readonly writer: RecordWriter;
  readonly maxSkewMs: number;
  readonly log: ReplicaLog;
  /** From where a leap is counted until the first event time, where the process before this one left none. */
  readonly endpointClock: () => Promise<{ readonly epoch: number; readonly highest: Date } | null>;
}

export class Shipper {
  readonly #spool: Spool;
  readonly #writer: RecordWriter;
  readonly #log: ReplicaLog;
  readonly #clock: EventClock;
  readonly #endpointClock: ShipperOptions['endpointClock'];
  #shipped = 0;

  constructor({ spool, writer, maxSkewMs, log, endpointClock }: ShipperOptions) {
    this.#endpointClock = endpointClock;
    this.#spool = spool;
    this.#writer = writer;
    this.#log = log;
    this.#clock = new EventClock(maxSkewMs, (spool.note ?? undefined) as EventClockState | undefined);
  }

  get clock(): EventClockState {
    return this.#clock.state;
  }

  /** What the endpoint's clock shows, other replicas' event time included. */
  share(clock: { readonly epoch: number; readonly highest: number }): void {
    this.#clock.share(clock);
  }

  /** A person has set the endpoint's clock. Kept with the next position; until then the endpoint's document says it again. */
  setClock({ epoch, at }: EndpointClock): void {
    if (this.#clock.set(epoch, Date.parse(at))) this.#log.warn({ epoch, at }, 'a person has set the event clock');
  }

  /** Nothing is left that came until then, and event time is the time of receipt. */
  passTime(time: number): void {
    this.#clock.pass(time);
  }

  /** Predictions and truths since the start of this process. */
  get shipped(): number {
    return this.#shipped;
  }

  /**
   * Ships what has come; throws when MongoDB does, and then begins again with the same records.
   * @param all until nothing is left; else what comes meanwhile may gather, so that it is stored in one write
   */
  async ship(all: boolean, onShipped: () => void): Promise<void> {
    for (let more = true; more; ) {
      const began = performance.now();
      const loop = performance.eventLoopUtilization();
      const batch = await this.#spool.next();
      if (batch === undefined) return;
      more = all || batch.full;
      const entries = this.#decoded(batch.lines);
      const predictions = entries.flatMap((entry) => ('predictions' in entry ? entry.predictions : []));
      const truths = entries.flatMap((entry) => ('truths' in entry ? entry.truths : []));
      const conflicts = await this.#writer.insertPredictions(predictions);
      if (conflicts > 0)
        this.#log.warn({ predictions: conflicts }, 'another request has their id, with other inputs: kept aside');
      const aside = await this.#writer.insertTruths(truths);
      if (aside > 0) this.#log.warn({ truths: aside }, 'truths match no prediction, or contradict one: kept aside');
      await this.#knowEndpointClock();
      for (const entry of entries) this.#observe('truths' in entry ? entry.truths : entry.predictions);
      this.#shipped += predictions.length + truths.length;
      await this.#spool.shipped(batch.end, this.#clock.state).finally(onShipped);
      if (all || !more) continue;
      const { utilization } = performance.eventLoopUtilization(loop);
      const rest = restMs({ tookMs: performance.now() - began, utilization, filled: this.#spool.filled });
      if (rest > 0) await setTimeout(rest);
    }
  }

  /** A replica that is new to the endpoint takes the others' clock for what is a leap. */
  async #knowEndpointClock(): Promise<void> {
    if (this.#clock.state.highest !== undefined) return;
    const clock = await this.#endpointClock();
    if (clock !== null) this.#clock.share({ epoch: clock.epoch, highest: clock.highest.getTime() });
  }

  /** Requests in the order they came; a synthetic request's event time says nothing. */
  #observe(records: readonly (PredictionRecord | TruthRecord)[]): void {
    const counted = records.filter((record) => !('synthetic' in record));
    const first = counted[0];
    const times = counted.flatMap((record) => timeOf(record) ?? []);
    if (first === undefined || times.length === 0) return;
    const aside = this.#clock.observe(times, first.receivedAt);
    if (aside === 0) return;
    const where = { id: first._id, eventTime: times[0], records: aside };
    this.#log.warn(where, 'an event time is too far ahead: recorded, but the watermark does not follow it');
  }

  #decoded(lines: readonly string[]): readonly SpoolEntry[] {
    return lines.flatMap((line) => {
      const entry = decodeEntry(line);
      if (entry === undefined)
        this.#log.error({ line: line.slice(0, 200) }, 'a line of the spool is unreadable: left out');
      return entry === undefined ? [] : [entry];
    });
  }
}

/** What a record says of event time. */
function timeOf(record: PredictionRecord | TruthRecord): Date | undefined {
  return 'knownAt' in record ? record.knownAt : record.eventTime;
}

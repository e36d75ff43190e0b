/** From the spool to MongoDB, in order: at least once on the way, stored once by each record's `_id`. */
import type { PredictionRecord, TruthRecord } from '../domain/endpoint';
import type { Spool } from '../serve/spool';
import { decodeEntry, type SpoolEntry } from '../serve/spool-entry';
import type { RecordWriter } from '../stores/predictions';
import { EventClock, type EventClockState } from './event-clock';
import type { ReplicaLog } from './problems';

export interface ShipperOptions {
  readonly spool: Spool;
  readonly writer: RecordWriter;
  readonly maxSkewMs: number;
  readonly log: ReplicaLog;
}

export class Shipper {
  readonly #spool: Spool;
  readonly #writer: RecordWriter;
  readonly #log: ReplicaLog;
  readonly #clock: EventClock;
  #shipped = 0;

  constructor({ spool, writer, maxSkewMs, log }: ShipperOptions) {
    this.#spool = spool;
    this.#writer = writer;
    this.#log = log;
    this.#clock = new EventClock(maxSkewMs, (spool.note ?? undefined) as EventClockState | undefined);
  }

  get clock(): EventClockState {
    return this.#clock.state;
  }

  /** Predictions and truths since the start of this process. */
  get shipped(): number {
    return this.#shipped;
  }

  /** Ships until nothing is left; throws when MongoDB does, and then begins again with the same records. */
  async shipAll(onShipped: () => void): Promise<void> {
    for (let batch = await this.#spool.next(); batch !== undefined; batch = await this.#spool.next()) {
      const entries = this.#decoded(batch.lines);
      const predictions = entries.flatMap((entry) => ('predictions' in entry ? entry.predictions : []));
      const truths = entries.flatMap((entry) => ('truths' in entry ? entry.truths : []));
      await this.#writer.insertPredictions(predictions);
      const aside = await this.#writer.insertTruths(truths);
      if (aside > 0) this.#log.warn({ truths: aside }, 'truths match no prediction, or contradict one: kept aside');
      for (const entry of entries) this.#observe('truths' in entry ? entry.truths : entry.predictions);
      await this.#spool.shipped(batch.end, this.#clock.state);
      this.#shipped += predictions.length + truths.length;
      onShipped();
    }
  }

  /** Requests in the order they came; a synthetic request's event time says nothing. */
  #observe(records: readonly (PredictionRecord | TruthRecord)[]): void {
    const counted = records.filter((record) => !('synthetic' in record));
    const first = counted[0];
    if (first === undefined) return;
    const times = counted.map(timeOf);
    const aside = this.#clock.observe(times, first.receivedAt);
    if (aside === 0) return;
    const where = { id: first._id, eventTime: timeOf(first), records: aside };
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
function timeOf(record: PredictionRecord | TruthRecord): Date {
  return 'knownAt' in record ? record.knownAt : record.eventTime;
}

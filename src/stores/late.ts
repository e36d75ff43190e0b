/**
 * Days of event time that records came for once the endpoint's clock had passed them. Whoever stores such records marks
 * their day; the monitor counts its window again and takes the mark away.
 */
import { randomUUID } from 'node:crypto';
import { lateDayId } from '../domain/ids';
import type { LateDay } from './mutable-records';
import { collection, type Store } from './mongo';

/** A stored prediction, or a stored truth with its prediction's event time. */
export interface StoredRecord {
  readonly eventTime?: Date;
  /** A truth's. */
  readonly knownAt?: Date;
  readonly synthetic?: true;
}

/**
 * Call it once the records are stored: whoever judged their window before has passed the clock that is read here, and
 * whoever judges it later finds them. A truth is late once its window's truth is not waited for any longer.
 */
export async function markLate(store: Store, endpoint: string, records: readonly StoredRecord[]): Promise<void> {
  if (records.length === 0) return;
  const [document, clock] = await Promise.all([
    collection(store, 'endpoints').findOne({ _id: endpoint }, { projection: { watch: 1, clock: 1 } }),
    collection(store, 'clocks').findOne({ _id: endpoint }),
  ]);
  if (document === null) return;
  const set = document.clock;
  const highest = set !== undefined && set.epoch > (clock?.epoch ?? 0) ? Date.parse(set.at) : clock?.highest.getTime();
  if (highest === undefined) return;
  const { allowedLatenessMs, truthDelayMs } = document.watch;
  const watermark = highest - allowedLatenessMs;
  const days = new Set<string>();
  for (const { eventTime, knownAt, synthetic } of records) {
    if (eventTime === undefined || synthetic === true) continue;
    const waited = knownAt === undefined ? 0 : truthDelayMs;
    const inTime = knownAt !== undefined && knownAt.getTime() > watermark;
    if (!inTime && eventTime.getTime() < watermark - waited) days.add(eventTime.toISOString().slice(0, 10));
  }
  if (days.size === 0) return;
  await collection(store, 'late').bulkWrite(
    [...days].map((day) => ({
      updateOne: {
        filter: { _id: lateDayId(endpoint, day) },
        update: { $set: { v: 1, endpoint, from: `${day}T00:00:00.000Z`, mark: randomUUID() } },
        upsert: true,
      },
    })),
    { ordered: false }
  );
}

/** Marked days by event time, the first few. @param range of their start: `from` included, `before` not */
export function lateDays(
  store: Store,
  endpoint: string,
  range: { readonly from?: string; readonly before: string }
): Promise<LateDay[]> {
  const from = range.from === undefined ? {} : { $gte: range.from };
  return collection(store, 'late')
    .find({ endpoint, from: { ...from, $lt: range.before } })
    .sort({ from: 1 })
    .limit(1_000)
    .toArray();
}

/** A day that was marked again since it was read keeps its mark. */
export async function takeMarks(store: Store, days: readonly LateDay[]): Promise<void> {
  if (days.length === 0) return;
  await collection(store, 'late').bulkWrite(
    days.map(({ _id, mark }) => ({ deleteOne: { filter: { _id, mark } } })),
    { ordered: false }
  );
}

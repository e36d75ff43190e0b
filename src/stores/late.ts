/**
 * Event times that records came for once the endpoint's clock had passed them. Whoever stores such records marks the
 * hours, with the least and the greatest event time in each; the monitor counts the windows there again and takes the
 * marks away. Which windows they are, a replica need not know.
 */
import { randomUUID } from 'node:crypto';
import { lateHourId } from '../domain/ids';
import { shownClock } from './clocks';
import type { LateHour } from './mutable-records';
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
  const shown = shownClock(document.clock, clock);
  if (shown === undefined) return;
  const { allowedLatenessMs, truthDelayMs } = document.watch;
  const watermark = shown.highest.getTime() - allowedLatenessMs;
  const hours = new Map<string, { from: string; to: string }>();
  for (const { eventTime, knownAt, synthetic } of records) {
    if (eventTime === undefined || synthetic === true) continue;
    const waited = knownAt === undefined ? 0 : truthDelayMs;
    const inTime = knownAt !== undefined && knownAt.getTime() > watermark;
    if (inTime || eventTime.getTime() >= watermark - waited) continue;
    const time = eventTime.toISOString();
    const hour = time.slice(0, 13);
    const range = hours.get(hour);
    if (range === undefined) hours.set(hour, { from: time, to: time });
    else if (time < range.from) range.from = time;
    else if (time > range.to) range.to = time;
  }
  if (hours.size === 0) return;
  await collection(store, 'late').bulkWrite(
    [...hours].map(([hour, { from, to }]) => ({
      updateOne: {
        filter: { _id: lateHourId(endpoint, hour) },
        update: {
          $min: { from },
          $max: { to },
          $set: { v: 1, endpoint, mark: randomUUID() },
        },
        upsert: true,
      },
    })),
    { ordered: false }
  );
}

/** More than a year has hours. */
const MOST_HOURS = 10_000;

/** Marks by event time, the first of them. @param range of their start: `from` included, `before` not */
export function lateHours(
  store: Store,
  endpoint: string,
  range: { readonly from?: string; readonly before: string }
): Promise<LateHour[]> {
  const from = range.from === undefined ? {} : { $gte: range.from };
  return collection(store, 'late')
    .find({ endpoint, from: { ...from, $lt: range.before } })
    .sort({ from: 1 })
    .limit(MOST_HOURS)
    .toArray();
}

/** What is before `counted` is counted. A mark that was set again since it was read stays as it is. */
export async function takeMarks(store: Store, marks: readonly LateHour[], counted: string): Promise<void> {
  const taken = marks.filter(({ from }) => from < counted);
  if (taken.length === 0) return;
  await collection(store, 'late').bulkWrite(
    taken.map(({ _id, mark, to }) =>
      to < counted
        ? { deleteOne: { filter: { _id, mark } } }
        : { updateOne: { filter: { _id, mark }, update: { $set: { from: counted } } } }
    ),
    { ordered: false }
  );
}

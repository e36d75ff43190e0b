/** Where windows by count end: the predictions decide, as they are stored. */
import { NOT_SYNTHETIC, predictionsOf } from './predictions';
import type { Store } from './mongo';

/**
 * Where the window of `rows` predictions ends that begins at `from`: just after the event time of the last one, so that
 * those of one time stay together. Undefined while there are fewer before the watermark.
 */
export async function countedEnd(
  store: Store,
  endpoint: string,
  { from, rows, watermark }: { readonly from: string; readonly rows: number; readonly watermark: Date }
): Promise<string | undefined> {
  const last = await predictionsOf(store, endpoint)
    .find({ eventTime: { $gte: new Date(from), $lt: watermark }, ...NOT_SYNTHETIC }, { projection: { eventTime: 1 } })
    .sort({ eventTime: 1, version: 1, _id: 1 })
    .skip(rows - 1)
    .limit(1)
    .next();
  // Event times are whole milliseconds.
  return last?.eventTime === undefined ? undefined : new Date(last.eventTime.getTime() + 1).toISOString();
}

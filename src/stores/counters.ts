/** Counters: numbers that are taken once each. */
import type { ClientSession } from 'mongodb';
import { collection, type Store } from './mongo';

/** 1, 2, 3, … without a gap: taken in the transaction of the record that holds it. */
export async function nextNumber(store: Store, counter: string, session?: ClientSession): Promise<number> {
  const next = await collection(store, 'counters').findOneAndUpdate(
    { _id: counter },
    { $inc: { value: 1 }, $setOnInsert: { v: 1 } },
    { upsert: true, returnDocument: 'after', ...(session === undefined ? {} : { session }) }
  );
  return next?.value ?? 1;
}

/** How often this was refused, this time included. */
export async function countRefusal(store: Store, of: string): Promise<number> {
  return nextNumber(store, `refusals ${of}`);
}

/** How often a compute process has ended like this, this time included. @param of the activity, and how it ended */
export async function countCrash(store: Store, of: string): Promise<number> {
  return nextNumber(store, `crashes ${of}`);
}

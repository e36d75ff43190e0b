/** Artifacts as if nobody had touched them for a while: tests of housekeeping can't wait for days. */
import type { Stores } from '../../src/stores/connect';
import { raw } from './raw-records';

/** @param digests default: all */
export async function age(stores: Stores, days: number, digests?: readonly string[]): Promise<void> {
  const touchedAt = new Date(Date.now() - days * 86_400_000);
  await raw(stores).artifacts.updateMany(digests === undefined ? {} : ({ _id: { $in: digests } } as never), {
    $set: { touchedAt },
  });
}

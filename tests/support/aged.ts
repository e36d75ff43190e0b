/** Artifacts as if nobody had touched them for a while: tests of housekeeping can't wait for days. */
import type { Store } from '../../src/stores/mongo';
import type { ArtifactDocument } from '../../src/stores/mutable-records';
import { raw } from './raw-records';

export const artifactDocuments = (store: Store) => raw(store).db.collection<ArtifactDocument>('artifacts');

/** @param digests default: all */
export async function age(store: Store, days: number, digests?: readonly string[]): Promise<void> {
  const touchedAt = new Date(Date.now() - days * 86_400_000);
  await artifactDocuments(store).updateMany(digests === undefined ? {} : ({ _id: { $in: digests } } as never), {
    $set: { touchedAt },
  });
}

/** Holds: a person's order that a record stays, with all that it was made from. Each is placed once and released once. */
import { MlopsError } from '../domain/errors';
import type { HoldDocument } from '../domain/housekeeping';
import { HOUSEKEEPING_CHAIN, recordName } from '../domain/ids';
import type { Digest, FactKind } from '../domain/refs';
import type { Stores } from './connect';
import { collection, inTransaction, type Store } from './mongo';
import { renewNeeded } from './needs';

export interface NewHold {
  readonly id: string;
  readonly record: { readonly kind: FactKind; readonly id: string };
  readonly reason: string;
  readonly by: string;
  readonly callerIdentity: string;
}

/**
 * Renews the bytes first, so that a housekeeping that runs at this moment takes none of them. The same id for the same
 * record counts once.
 * @returns the bytes of it that had been taken before
 * @throws MlopsError MLOPS_NOT_FOUND: no such record; MLOPS_USAGE: the id is of another hold
 */
export async function placeHold(
  stores: Stores,
  { id, record, reason, by, callerIdentity }: NewHold
): Promise<readonly Digest[]> {
  if ((await stores.facts.missing(record.kind, [record.id])).size > 0)
    throw new MlopsError(
      'MLOPS_NOT_FOUND',
      'There is no such record.',
      { record: recordName(record.kind, record.id) },
      'mlops ls shows those that there are.'
    );
  const taken = await renewNeeded(stores, [{ ...record, why: 'held', how: 'whole' }]);
  await inTransaction(stores, async (session) => {
    const there = await collection(stores, 'holds').findOne({ _id: id }, { session });
    if (there !== null) {
      if (there.record.kind === record.kind && there.record.id === record.id && there.released === undefined) return;
      throw new MlopsError(
        'MLOPS_USAGE',
        'A hold of this id is there already.',
        { hold: id, record: recordName(there.record.kind, there.record.id), released: there.released !== undefined },
        'Choose another --id.'
      );
    }
    await collection(stores, 'holds').insertOne(
      { _id: id, v: 1, record, reason, by, callerIdentity, since: new Date() },
      { session }
    );
    await stores.audit.append(
      {
        id: `hold ${id}`,
        project: HOUSEKEEPING_CHAIN,
        what: 'hold placed',
        by,
        detail: { hold: id, record: recordName(record.kind, record.id), reason, callerIdentity },
      },
      session
    );
  });
  return taken;
}

/**
 * Once; a second time changes nothing.
 * @throws MlopsError MLOPS_NOT_FOUND
 */
export async function releaseHold(
  stores: Stores,
  { id, reason, by, callerIdentity }: Omit<NewHold, 'record'>
): Promise<HoldDocument> {
  return inTransaction(stores, async (session) => {
    const there = await collection(stores, 'holds').findOne({ _id: id }, { session });
    if (there === null)
      throw new MlopsError('MLOPS_NOT_FOUND', 'There is no hold of this id.', { hold: id }, 'mlops hold shows them.');
    if (there.released !== undefined) return there;
    const released = { at: new Date(), by, reason, callerIdentity };
    await collection(stores, 'holds').updateOne(
      { _id: id, released: { $exists: false } },
      { $set: { released } },
      { session }
    );
    await stores.audit.append(
      {
        id: `hold ${id} released`,
        project: HOUSEKEEPING_CHAIN,
        what: 'hold released',
        by,
        detail: { hold: id, record: recordName(there.record.kind, there.record.id), reason, callerIdentity },
      },
      session
    );
    return { ...there, released };
  });
}

/** The oldest first. */
export async function holdsInForce(store: Store): Promise<HoldDocument[]> {
  return collection(store, 'holds')
    .find({ released: { $exists: false } })
    .sort({ since: 1 })
    .toArray();
}

/** A version that people approved, as the records of its request and of a decision say it. */
import { digestOf } from '../../src/runtime/digest';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { Digest, Ref } from '../../src/domain/refs';
import { championOf } from '../../src/stores/aliases';
import type { Stores } from '../../src/stores/connect';
import { askedAbout } from './asked';
import { raw } from './raw-records';

/** Compared with the champion of this moment; approved once, however often it is called. */
export async function approved(
  stores: Stores,
  { version, number, model }: { readonly version: Ref<'version'>; readonly number: number; readonly model: Digest },
  changes: Partial<ApprovalRequest> = {}
): Promise<void> {
  const project = version.id.slice(0, version.id.lastIndexOf('/'));
  const asked = askedAbout({ project, cycle: number, model });
  const champion = await championOf(stores, project);
  const digests = {
    ...asked.subject.digests,
    version: version.digest,
    ...(champion === null ? {} : { champion: champion.digest }),
  };
  const request: ApprovalRequest = {
    ...asked,
    _id: version.id,
    subject: { kind: 'version', digests },
    state: 'approved',
    closedAt: new Date().toISOString(),
    closedBecause: 'approved by ana',
    ...changes,
  };
  await raw(stores).requests.updateOne({ _id: request._id }, { $setOnInsert: request }, { upsert: true });
  const sent = { callerIdentity: 'somebody', via: 'update' } as const;
  const body = { request: request._id, id: '1', by: 'ana', verdict: 'approve', digest: model, ...sent } as const;
  const fact = { _id: `${request._id}/ana`, kind: 'decision', digest: digestOf(body), inputs: [], artifacts: [], body };
  await stores.facts.commit({ ...fact, kind: 'decision' });
}

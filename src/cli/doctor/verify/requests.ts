/** Approval requests: that the audit knows them, that they asked about what the records say, and that decisions closed them. */
import { type ApprovalRequest, recordAsked, stateAfter } from '../../../domain/approval';
import { schemaChange, whatChanged } from '../../../domain/schema-change';
import { digestOf } from '../../../runtime/digest';
import type { RecordStores } from '../../../records/stores';
import { decisionsOn } from '../../../stores/decisions';
import { allRequests, requestRecord } from '../../../stores/requests';
import { type Finding, ok, Problems } from '../finding';
import { RESTORE } from './chains';

export async function verifyRequests(stores: RecordStores): Promise<Finding[]> {
  const problems = new Problems('requests');
  let count = 0;
  for await (const request of allRequests(stores)) {
    count += 1;
    for (const what of await wrongWith(stores, request)) problems.add(`request:${request._id}`, what, RESTORE);
  }
  const findings = problems.findings();
  return findings.length > 0 ? findings : [ok('requests', `${count}, each as it was opened, decided and closed`)];
}

async function wrongWith(stores: RecordStores, request: ApprovalRequest): Promise<string[]> {
  const { _id, state } = request;
  const [opened, closed, decisions, asked] = await Promise.all([
    stores.audit.find(`request ${_id}`),
    stores.audit.find(`closed ${_id}`),
    decisionsOn(stores, _id),
    askedOf(stores, request),
  ]);
  const wrong = [...asked];
  if (opened === null) wrong.push('no audit event records it: it was not opened by a worker');
  else if (opened.record?.digest !== requestRecord(request).digest)
    wrong.push('it was changed: the audit recorded another content of it');
  if (state !== 'open' && closed?.what !== `request ${state}`) wrong.push(`it is ${state}, and no audit event says so`);
  if (state === 'approved') {
    const decided = stateAfter(
      request.policy,
      decisions.map(({ body: { id, by, verdict } }) => ({ id, by, verdict }))
    );
    if (decided !== 'approved') wrong.push(`it is approved, and by its recorded decisions it is ${decided}`);
  }
  return wrong;
}

/** A version is asked about under its definition's policy, with its evaluation's gates; of a batch, what its snapshots say is new. */
async function askedOf(stores: RecordStores, request: ApprovalRequest): Promise<string[]> {
  const [versionRef, evaluationRef] = [recordAsked(request, 'version'), recordAsked(request, 'evaluation')];
  const [version, evaluation] = await Promise.all([
    versionRef === undefined ? null : stores.facts.find('version', versionRef.id),
    evaluationRef === undefined ? null : stores.facts.find('evaluation', evaluationRef.id),
  ]);
  const wrong: string[] = [];
  if (evaluation !== null && digestOf(evaluation.body.gates) !== digestOf(request.gates))
    wrong.push('its gates are not those of its evaluation');
  if (version !== null && version.digest !== versionRef?.digest)
    wrong.push('its version has another model than it was asked about');
  return [...wrong, ...(await changeOf(stores, request))];
}

async function changeOf(stores: RecordStores, { subject, about }: ApprovalRequest): Promise<string[]> {
  if (subject.kind !== 'schema-change') return [];
  const found = await Promise.all(about.map(({ id }) => stores.facts.find('snapshot', id)));
  const snapshots = found.flatMap((snapshot) => (snapshot === null ? [] : [snapshot.body]));
  // One that is gone is a dangling ref, which is a finding of its own.
  if (snapshots.length < about.length) return [];
  return digestOf(whatChanged(schemaChange(snapshots))) === subject.digests.change
    ? []
    : ['its snapshots bring something else than it was asked about'];
}

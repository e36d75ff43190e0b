/** An approval request about a version, as the tests that need no whole cycle write it. */
import type { ApprovalRequest } from '../../src/domain/approval';
import { phaseId } from '../../src/domain/ids';
import type { Digest } from '../../src/domain/refs';

/** Names bytes that are nowhere, and is open for an hour. */
export function askedAbout(
  { project, cycle, model }: { readonly project: string; readonly cycle: number; readonly model: Digest },
  changes: Partial<ApprovalRequest> = {}
): ApprovalRequest {
  const other: Digest = `sha256:${'b'.repeat(64)}`;
  const now = Date.now();
  return {
    _id: `${project}/${cycle}`,
    v: 1,
    revision: 0,
    project,
    workflowId: phaseId(project, cycle, 'approve'),
    subject: { kind: 'version', digests: { model, version: model, evaluation: other, snapshot: other } },
    title: `${project}@${cycle}`,
    about: [
      { kind: 'version', id: `${project}/${cycle}`, digest: model },
      { kind: 'evaluation', id: other, digest: other },
      { kind: 'snapshot', id: other, digest: other },
    ],
    comparisonDigest: other,
    policy: {
      approversNeeded: 1,
      rejectsNeeded: 1,
      approvers: ['ana', 'ben', 'cem'],
      roles: {},
      allowSelfApproval: false,
      deadline: { wall: '1 hour' },
      validFor: { wall: '30 days' },
      reminders: [],
    },
    authors: ['cem'],
    causes: [{ kind: 'person', by: 'cem', callerIdentity: '17@desk', detail: 'started by cem' }],
    gates: [],
    evidence: ['auc 0.7'],
    state: 'open',
    openedAt: new Date(now).toISOString(),
    deadlineAt: new Date(now + 3_600_000).toISOString(),
    ...changes,
  };
}

/** The request about a change of policy: asked under the policy in force, outside any cycle. Pure. */
import type { ApprovalRequest } from './approval';
import type { ProjectDefinition } from './definition';
import { definitionChanges } from './definition-changes';
import { durationMs } from './durations';
import { phaseId, policyRequestName, requestId } from './ids';
import type { Ref } from './refs';

export interface ProposedPolicy {
  readonly project: string;
  /** Counts the project's proposals from 1. */
  readonly number: number;
  readonly inForce: { readonly ref: Ref<'definition'>; readonly definition: ProjectDefinition };
  readonly proposed: { readonly ref: Ref<'definition'>; readonly definition: ProjectDefinition };
  readonly by: string;
  readonly callerIdentity: string;
  readonly comment?: string;
  /** What of it needs an approval. */
  readonly why: readonly string[];
  /** Milliseconds of wall time. */
  readonly openedAt: number;
}

export function policyRequest(asked: ProposedPolicy): ApprovalRequest {
  const { project, number, inForce, proposed, by, callerIdentity, comment, why, openedAt } = asked;
  const name = policyRequestName(number);
  const policy = inForce.definition.approval;
  return {
    _id: requestId({ project, name }),
    v: 1,
    revision: 0,
    project,
    workflowId: phaseId(project, name, 'approve'),
    subject: { kind: 'policy', digests: { definition: proposed.ref.digest, inForce: inForce.ref.digest } },
    title: `${project}: change of policy ${number}`,
    about: [proposed.ref, inForce.ref],
    policy,
    authors: [by],
    causes: [{ kind: 'person', by, callerIdentity, detail: comment ?? `applied by ${by}` }],
    gates: [],
    evidence: [
      ...why.map((change) => `needs approval: ${change}`),
      ...definitionChanges(inForce.definition, proposed.definition).map((change) => `changes ${change}`),
      'until it is approved, the definition in force stays as a whole',
    ],
    state: 'open',
    openedAt: new Date(openedAt).toISOString(),
    deadlineAt: new Date(openedAt + durationMs(policy.deadline)).toISOString(),
  };
}

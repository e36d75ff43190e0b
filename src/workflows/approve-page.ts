/** What a person sees of a request in the Temporal UI: who may still decide, on what, by what evidence, and how. */
import {
  type AcceptedDecision,
  type ApprovalRequest,
  canBeMet,
  decidedDigest,
  mayDecide,
  type SubjectKind,
} from '../domain/approval';
import type { Visible } from './visible';

export function approvePage(request: ApprovalRequest, accepted: readonly AcceptedDecision[]): Visible {
  const modelVersion = request.title;
  if (request.state !== 'open') {
    const details = `**${modelVersion}: ${request.state}.** ${request.closedBecause ?? ''}`;
    return { phase: 'approve', waitingFor: [], modelVersion, details };
  }
  return {
    phase: 'approve',
    waitingFor: waitedFor(request, accepted),
    modelVersion,
    details: openDetails(request, accepted),
  };
}

export function waitedFor(request: ApprovalRequest, accepted: readonly AcceptedDecision[]): string[] {
  const people = mayDecide(request, accepted).map((name) => `approver:${name}`);
  return canBeMet(request, accepted) ? people : [...people, 'operator'];
}

const BY_ANOTHER_CYCLE = ({ project }: ApprovalRequest): string =>
  `If that is wrong, \`mlops retrain ${project} --supersede\` by somebody else opens a new request; else apply a definition with more approvers (\`mlops apply\`) first.`;

/** What opens a request that can be decided. */
const WAY_OUT: Readonly<Record<SubjectKind, (request: ApprovalRequest) => string>> = {
  version: BY_ANOTHER_CYCLE,
  'schema-change': BY_ANOTHER_CYCLE,
  policy: () =>
    "If somebody else applies the definition (`mlops apply`), that opens a new request. Where too few approvers are left, `mlops policy reset` works with the stores' credentials.",
};

/** Who has decided, and whether those who may still decide are too few; a paragraph each. */
export function soFar(request: ApprovalRequest, accepted: readonly AcceptedDecision[]): string[] {
  const claims = request.causes
    .filter((cause) => cause.by !== undefined)
    .map((cause) => `${cause.kind} by ${cause.by} (${cause.callerIdentity ?? 'unknown'})`);
  const unmet = [
    "**The policy can't be met:** those who may still decide are too few, since people don't decide on their own work.",
    `It is the work of ${request.authors.join(', ')}, by what was claimed: ${claims.join(', ') || 'who applied the definition'}.`,
    WAY_OUT[request.subject.kind](request),
  ].join(' ');
  return [
    ...accepted.map(({ by, verdict }) => `**${by}** has decided: ${verdict}.`),
    ...(canBeMet(request, accepted) ? [] : [unmet]),
  ];
}

function openDetails(request: ApprovalRequest, accepted: readonly AcceptedDecision[]): string {
  const { policy, title } = request;
  const { approversNeeded, rejectsNeeded } = policy;
  // On lines of its own: the UI's frame cuts a long one off.
  const example = JSON.stringify(
    { id: '<any id of yours>', by: '<your name>', verdict: 'approve', digest: decidedDigest(request.subject) },
    null,
    2
  );
  return [
    `# ${title} waits for approval`,
    '',
    `**Who:** ${mayDecide(request, accepted).join(', ') || 'no one'} (${approversNeeded} needed, ${rejectsNeeded} to reject, until ${request.deadlineAt}).`,
    ...soFar(request, accepted).flatMap((line) => ['', line]),
    '',
    '## What is approved',
    ...Object.entries(request.subject.digests).map(([name, digest]) => `- ${name} \`${digest}\``),
    ...request.causes.map((cause) => `- why: ${cause.detail}`),
    '',
    '## Evidence',
    ...request.evidence.map((line) => `- ${line}`),
    '',
    '## How to answer',
    'Here: **More Actions → Send an Update**, update name `decide` (or **Send a Signal** of that name, without an answer), input:',
    '',
    '```json',
    example,
    '```',
    '',
    `Or in a shell: \`mlops decide ${request._id} --by <your name> --approve --digest ${decidedDigest(request.subject)}\``,
  ].join('\n');
}

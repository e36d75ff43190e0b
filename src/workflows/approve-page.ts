/** What a person sees of a request in the Temporal UI: who may still decide, on what, by what evidence, and how. */
import { type AcceptedDecision, type ApprovalRequest, canBeMet, mayDecide } from '../domain/approval';
import type { Visible } from './visible';

export function approvePage(request: ApprovalRequest, accepted: readonly AcceptedDecision[]): Visible {
  const modelVersion = `${request.project}@${request.number}`;
  if (request.state !== 'open') {
    const details = `**${modelVersion}: ${request.state}.** ${request.closedBecause ?? ''}`;
    return { phase: 'approve', waitingFor: [], modelVersion, details };
  }
  const people = mayDecide(request, accepted);
  return {
    phase: 'approve',
    waitingFor: [...people.map((name) => `approver:${name}`), ...(canBeMet(request, accepted) ? [] : ['operator'])],
    modelVersion,
    details: openDetails(request, accepted, people),
  };
}

function openDetails(
  request: ApprovalRequest,
  accepted: readonly AcceptedDecision[],
  people: readonly string[]
): string {
  const { policy, project } = request;
  const { approversNeeded, rejectsNeeded, deadline } = policy;
  // On lines of its own: the UI's frame cuts a long one off.
  const example = JSON.stringify(
    { id: '<any id of yours>', by: '<your name>', verdict: 'approve', digest: request.model },
    null,
    2
  );
  return [
    `# ${project}@${request.number} waits for approval`,
    '',
    `**Who:** ${people.join(', ') || 'nobody'} (${approversNeeded} needed, ${rejectsNeeded} to reject, until ${deadline.wall} after ${request.openedAt}).`,
    ...accepted.flatMap(({ by, verdict }) => ['', `**${by}** has decided: ${verdict}.`]),
    ...(canBeMet(request, accepted)
      ? []
      : [
          '',
          `**The policy can't be met:** those who may still decide are too few. Apply a definition with more approvers (\`mlops apply\`), then \`mlops retrain ${project} --supersede\`.`,
        ]),
    '',
    '## What is approved',
    `- model \`${request.model}\``,
    `- evaluation \`${request.evaluation.digest}\``,
    `- snapshot \`${request.snapshot.digest}\``,
    ...request.causes.map((cause) => `- why this cycle: ${cause.detail}`),
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
    `Or in a shell: \`mlops decide ${request._id} --by <your name> --approve --digest ${request.model}\``,
  ].join('\n');
}

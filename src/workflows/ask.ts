/** The cycle's side of an approval: starts the child that waits for people, and closes it for a newer cycle where asked. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  condition,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type { OpenedRequest } from '../activities/approval/open-request';
import { type AcceptedDecision, type ApprovalRequest, approversOf, decidedDigest, mayDecide } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { requestName } from '../domain/ids';
import { type DecidedMessage, MESSAGES } from '../domain/messages';
import type { ApproveResult, PhaseContext } from '../domain/phases';
import { io } from './activities';
import { approve } from './approve';
import { soFar, waitedFor } from './approve-page';
import { decided } from './messages';
import type { OperatorCommands } from './operator-commands';
import { described, type Visible } from './visible';

/** @param show what counts on the request, at first and after each decision */
export async function ask(
  context: PhaseContext,
  commands: OperatorCommands,
  opened: OpenedRequest,
  show: (accepted: readonly AcceptedDecision[]) => void
): Promise<ApproveResult> {
  let waiting = true;
  show(opened.accepted);
  setHandler(decided, (message) => {
    const accepted = decidedOn(opened.request, message);
    if (waiting && accepted !== undefined) show(accepted);
  });
  try {
    return await untilSettled(context, commands, opened);
  } finally {
    waiting = false;
  }
}

/** A run of the same id that a client started answers and ends, so it waits for that. */
async function untilSettled(
  context: PhaseContext,
  commands: OperatorCommands,
  { request }: OpenedRequest
): Promise<ApproveResult> {
  const { searchAttributes, definition, plan } = context;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      const child = await startChild(approve, {
        workflowId: request.workflowId,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        args: [{ v: 1, ...requestName(request), searchAttributes, waits: true, definition, plan }],
        ...described(
          `approve ${request.title}?`,
          `It names ${decidedDigest(request.subject)}. Its current details, under User Metadata, say how to answer.`
        ),
      });
      return await untilAnswered(child, request, context, commands);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep(waitMs, { summary: 'a run that a decision started is ending' });
    }
  }
}

/** Who may decide, and how, as it stands on the lifecycle's own page. */
export function askedPage(
  request: ApprovalRequest,
  accepted: readonly AcceptedDecision[]
): Pick<Visible, 'waitingFor' | 'details'> {
  const people = mayDecide(request, accepted).join(', ') || 'no one';
  const decision = { id: '<any id>', by: '<your name>', verdict: 'approve', digest: decidedDigest(request.subject) };
  const details = [
    `# ${request.title} waits for approval by ${people}`,
    ...soFar(request, accepted),
    `The evidence is in the details of the workflow \`${request.workflowId}\`.`,
    `To answer, there: **More Actions → Send an Update**, name \`decide\`, input:`,
    ['```json', JSON.stringify(decision, null, 2), '```'].join('\n'),
    `In a shell: \`mlops decide ${request._id} --by <your name> --approve --digest ${decidedDigest(request.subject)}\``,
  ].join('\n\n');
  return { waitingFor: waitedFor(request, accepted), details };
}

/** Undefined for another request, and for what is not such a message. A signal may carry anything. */
function decidedOn(request: ApprovalRequest, message: unknown): AcceptedDecision[] | undefined {
  const { request: about, accepted } = (message ?? {}) as { readonly [K in keyof DecidedMessage]?: unknown };
  if (about !== request._id || !Array.isArray(accepted)) return undefined;
  const approvers = approversOf(request.policy);
  return accepted.filter(
    (decision: AcceptedDecision | null) =>
      approvers.includes(decision?.by ?? '') && ['approve', 'reject'].includes(decision?.verdict ?? '')
  );
}

async function untilAnswered(
  child: ChildWorkflowHandle<typeof approve>,
  request: ApprovalRequest,
  { plan }: PhaseContext,
  commands: OperatorCommands
): Promise<ApproveResult> {
  const after = plan.supersedeAfter;
  let answer: ApproveResult | undefined;
  const result = child.result().then((value) => {
    answer = value;
    return value;
  });
  const superseding = (async () => {
    await condition(
      () =>
        answer !== undefined ||
        commands.supersedeBy !== undefined ||
        (after !== undefined && commands.pending.length > 0)
    );
    if (answer === undefined && commands.supersedeBy === undefined && after !== undefined) {
      await condition(() => answer !== undefined || commands.supersedeBy !== undefined, durationMs(after), {
        summary: 'supersedeAfter',
      });
    }
    if (answer !== undefined) return;
    const by = commands.supersedeBy;
    const because = by === undefined ? `a trigger waited for ${after?.wall}` : `superseded by ${by}`;
    // Closed by the lifecycle itself; the child only looks.
    await io(plan).mlopsCloseRequest({ request: requestName(request), because });
    await child.signal(MESSAGES.supersede, { reason: because });
  })();
  superseding.catch(() => undefined);
  const settled = await result;
  commands.supersedeBy = undefined;
  return settled;
}

/**
 * Waits for people. A decision names the bytes that it approves; everything a person should hear is an answer,
 * recorded before it is given, and what follows from decisions follows once they are recorded.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { type ApprovalRequest, judgeDecision, malformedDecision } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { noticeId } from '../domain/ids';
import type { DecidedMessage, DecisionAnswer, DecisionMessage } from '../domain/messages';
import type { ApproveInput, ApproveResult } from '../domain/phases';
import { io } from './activities';
import { approvePage } from './approve-page';
import { Ballot } from './ballot';
import { reasonOf } from './failures';
import { decide, decideBySignal, decided, supersede } from './messages';
import { show } from './visible';

export async function approve(input: ApproveInput): Promise<ApproveResult> {
  return input.request === undefined ? refuse(input) : waitForPeople(input, input.request);
}

async function waitForPeople(input: ApproveInput, request: ApprovalRequest): Promise<ApproveResult> {
  const ballot: Ballot = new Ballot(input, request, () => tell(input, ballot));
  setHandler(decide, (message) => ballot.take(message, currentUpdateInfo()?.id), {
    validator: refuseMalformed,
    description: 'Approve or reject the model: {id, by, verdict: "approve" | "reject", digest, comment?}',
  });
  setHandler(decideBySignal, (message) => ballot.takeSignal(message), {
    description: 'The same as the update decide, without an answer.',
  });
  setHandler(supersede, (message) => ballot.close('superseded', reasonIn(message)), {
    description: 'A newer cycle takes over.',
  });
  show(input, approvePage(ballot.request, ballot.accepted));

  const whole = CancellationScope.current();
  const deadlineAt = Date.parse(request.deadlineAt);
  const modelVersion = request.title;
  const reminders = new CancellationScope();
  const reminding = reminders.run(() => remind(input, request)).catch(ignoreCancellation);
  const settled = (): boolean => ballot.request.state !== 'open';
  try {
    if (input.continued === undefined && !settled())
      await notify(input, request, 'approval-requested', `${modelVersion} waits for approval`);
    const full = (): boolean => workflowInfo().continueAsNewSuggested;
    const woken = await condition(() => settled() || full(), Math.max(1, deadlineAt - Date.now()), {
      summary: 'deadline of the approval',
    });
    if (!woken) ballot.close('expired', `nobody decided within ${request.policy.deadline.wall}`);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  reminders.cancel();
  return CancellationScope.nonCancellable(async () => {
    await reminding;
    await condition(allHandlersFinished);
    // Looked at here, since the next run would know nothing of it.
    if (whole.consideredCancelled) ballot.close('superseded', 'the lifecycle was stopped');
    if (!settled()) {
      const { accepted, malformed } = ballot;
      return continueAsNew<typeof approve>({ ...input, accepted, continued: { malformed } });
    }
    const { state, closedBecause: because = '' } = ballot.request;
    if (state === 'approved' || state === 'rejected') await ballot.recorded();
    await io(input.plan).mlopsCloseRequest({ request: request._id, project: input.project, state, because });
    await notify(input, request, `approval-${state}`, `${modelVersion}: ${state}, ${because}`);
    await condition(allHandlersFinished);
    return { state, reason: because };
  });
}

/** Whoever looks: at this workflow, and at the lifecycle that waits for it. */
function tell(input: ApproveInput, { request, accepted }: Ballot): void {
  show(input, approvePage(request, accepted));
  const { parent } = workflowInfo();
  if (parent === undefined || request.state !== 'open') return;
  const message: DecidedMessage = { request: request._id, accepted };
  // It may be ending; then nobody looks there any more.
  getExternalWorkflowHandle(parent.workflowId)
    .signal(decided, message)
    .catch(() => undefined);
}

/** A run that a client started for a request that is closed or was never there: it answers, records, ends. */
async function refuse(input: ApproveInput): Promise<ApproveResult> {
  const requestId = `${input.project}/${input.cycle}`;
  let answered = 0;
  const known = io(input.plan).mlopsFindRequest({ request: requestId });
  const take = async (message: DecisionMessage, updateId?: string): Promise<DecisionAnswer> => {
    const request = await known;
    const judgement =
      request === null ? UNKNOWN : request.state === 'open' ? NOT_OPEN_YET : judgeDecision(request, [], message);
    const answer = await io(input.plan).mlopsRecordDecision({
      request: requestId,
      project: input.project,
      decision: message,
      judgement,
      ...(updateId === undefined ? {} : { updateId }),
      workflow: here(),
    });
    answered += 1;
    return answer;
  };
  setHandler(decide, (message) => take(message, currentUpdateInfo()?.id), {
    validator: refuseMalformed,
  });
  setHandler(decideBySignal, async (message) => {
    if (malformedDecision(message) === undefined) await take(message as DecisionMessage).catch(() => undefined);
  });
  const request = await known;
  // The message that started this run comes with it; a client that died in between sends none.
  await condition(() => answered > 0, '10 seconds');
  await condition(allHandlersFinished);
  return { state: request?.state ?? 'unknown', reason: 'answered that it can’t be decided' };
}

const UNKNOWN = {
  outcome: 'refused',
  code: 'unknown-request',
  reason: 'there is no such request',
  state: 'unknown',
} as const;
const NOT_OPEN_YET = {
  outcome: 'refused',
  code: 'not-open-yet',
  reason: 'the request is about to open: send the decision again in a moment',
  state: 'open',
} as const;

/** Shape and size only: what a validator refuses leaves no trace. */
function refuseMalformed(message: unknown): void {
  const mistake = malformedDecision(message);
  if (mistake !== undefined)
    throw ApplicationFailure.nonRetryable(`MLOPS_MESSAGE_INVALID: ${mistake}`, 'MLOPS_MESSAGE_INVALID');
}

/** Those of an earlier run have been sent; each is due by the deadline's clock. */
async function remind(input: ApproveInput, request: ApprovalRequest): Promise<void> {
  const openedAt = Date.parse(request.openedAt);
  for (const reminder of request.policy.reminders) {
    const dueInMs = openedAt + durationMs(reminder) - Date.now();
    if (input.continued !== undefined && dueInMs <= 0) continue;
    await sleep(Math.max(1, dueInMs), { summary: `reminder after ${reminder.wall}` });
    await notify(
      input,
      request,
      `reminder-${reminder.wall.replaceAll(' ', '-')}`,
      `${request.title} still waits for approval after ${reminder.wall}`
    );
  }
}

/** Resolves once the delivery has begun, or the audit tells that it can't: nobody's approval depends on a notice. */
async function notify(input: ApproveInput, request: ApprovalRequest, kind: string, text: string): Promise<void> {
  const { definition, plan } = input;
  if (definition === undefined || plan === undefined || plan.notifiers === 0) return;
  const { project, workflowId } = request;
  const notice = { id: `${request._id} ${kind}`, kind, project, text, details: request.evidence, workflowId };
  try {
    await io(input.plan).mlopsStartNotice({
      v: 1,
      workflowId: noticeId(workflowId, kind),
      definition,
      notifiers: plan.notifiers,
      notice,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await io(input.plan).mlopsRecordUndelivered({ notice, why: reasonOf(error) });
  }
}

function here(): { readonly workflowId: string; readonly runId: string } {
  const { workflowId, runId } = workflowInfo();
  return { workflowId, runId };
}

function reasonIn(message: unknown): string {
  const reason = (message as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === 'string' ? reason.slice(0, 500) : 'a newer cycle took over';
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

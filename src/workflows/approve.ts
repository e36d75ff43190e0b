/**
 * Waits for people. What a request asks, and what of it counts, is in its record: this workflow passes messages to the
 * activities that judge and record them, shows how it stands, and reminds.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { type ApprovalRequest, malformedDecision } from '../domain/approval';
import type { ErrorCode } from '../domain/errors';
import type { DecidedMessage } from '../domain/messages';
import type { ApproveInput, ApproveResult } from '../domain/phases';
import { notifyOf, remind } from './approve-notices';
import { approvePage } from './approve-page';
import { Ballot } from './ballot';
import { decide, decideBySignal, decided, supersede } from './messages';
import { show } from './visible';

export async function approve(input: ApproveInput): Promise<ApproveResult> {
  const ballot: Ballot = new Ballot(input, () => showAndNotify(input, ballot));
  setHandler(decide, (message) => ballot.take(message, currentUpdateInfo()?.id), {
    validator: (message) => {
      refuseMalformed(message);
      if (ballot.leavesToNextRun(message)) throw refusedFor('MLOPS_TOO_MANY_MESSAGES', NEXT_RUN);
    },
    description: 'Approve or reject: {id, by, verdict: "approve" | "reject", digest, comment?}',
  });
  setHandler(decideBySignal, (message) => ballot.takeSignal(message), {
    description: 'The same as the update decide, without an answer.',
  });
  setHandler(supersede, () => ballot.askToEnd(), {
    description: 'From the lifecycle: a newer cycle takes over. From anyone else it does nothing.',
  });
  await ballot.open();
  return input.waits === undefined || ballot.request === undefined
    ? answerAlone(ballot)
    : waitForPeople(input, ballot, ballot.request);
}

/** A run that a client started, as the request is closed, was never there, or has no run yet: it answers, records, ends. */
async function answerAlone(ballot: Ballot): Promise<ApproveResult> {
  // The message that started this run comes with it; a client that died in between sends none.
  await condition(() => ballot.answered > 0, '10 seconds');
  await condition(() => ballot.isIdle && allHandlersFinished());
  return { state: ballot.request?.state ?? 'unknown', reason: ballot.request?.closedBecause ?? 'answered' };
}

async function waitForPeople(input: ApproveInput, ballot: Ballot, request: ApprovalRequest): Promise<ApproveResult> {
  show(input, approvePage(request, ballot.accepted));
  const whole = CancellationScope.current();
  const reminders = new CancellationScope();
  const reminding = reminders.run(() => remind(input, request)).catch(ignoreCancellation);
  try {
    if (input.continued === undefined && ballot.isOpen)
      await notifyOf(input, request, 'approval-requested', `${request.title} waits for approval`);
    await untilSettled(ballot, Date.parse(request.deadlineAt));
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  reminders.cancel();
  return CancellationScope.nonCancellable(async () => {
    await reminding;
    // What came in this run is in its history: the next one would not find it.
    do {
      if (ballot.isOpen && (ballot.asksToEnd || whole.consideredCancelled)) await ballot.close();
      await condition(() => ballot.isIdle && allHandlersFinished());
    } while (ballot.isOpen && ballot.asksToEnd);
    if (ballot.isOpen) {
      if (whole.consideredCancelled) throw new CancelledFailure('cancelled by hand: the request is still open');
      return continueAsNew<typeof approve>({ ...input, continued: ballot.counts });
    }
    const { state = 'unknown', closedBecause: because = '' } = ballot.request ?? {};
    await notifyOf(input, request, `approval-${state}`, `${request.title}: ${state}, ${because}`);
    await condition(() => ballot.isIdle && allHandlersFinished());
    return { state, reason: because };
  });
}

/** Until the request is closed, or this run's history is full. */
async function untilSettled(ballot: Ballot, deadlineAt: number): Promise<void> {
  const full = (): boolean => ballot.isFull || workflowInfo().continueAsNewSuggested;
  while (ballot.isOpen && !full()) {
    const woken = await condition(
      () => !ballot.isOpen || ballot.asksToEnd || full(),
      Math.max(1, deadlineAt - Date.now()),
      { summary: 'deadline of the approval' }
    );
    if (ballot.isOpen && (ballot.asksToEnd || !woken)) await ballot.close();
    // The server's clock decides; a workflow's may be a moment ahead.
    if (ballot.isOpen && !woken) await sleep('1 second');
  }
}

/** Whoever looks: at this workflow, and at the lifecycle that waits for it. */
function showAndNotify(input: ApproveInput, { request, accepted }: Ballot): void {
  if (request === undefined || input.waits === undefined) return;
  show(input, approvePage(request, accepted));
  const { parent } = workflowInfo();
  if (parent === undefined || request.state !== 'open') return;
  const message: DecidedMessage = { request: request._id, accepted };
  // It may be ending; then its page is not needed any more.
  getExternalWorkflowHandle(parent.workflowId)
    .signal(decided, message)
    .catch(() => undefined);
}

/** Shape and size only: what a validator refuses leaves no trace. */
function refuseMalformed(message: unknown): void {
  const mistake = malformedDecision(message);
  if (mistake !== undefined) throw refusedFor('MLOPS_MESSAGE_INVALID', mistake);
}

const NEXT_RUN =
  'this run of the request has taken its messages, and this one would not count; the next run begins in a moment';

function refusedFor(code: ErrorCode, why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`${code}: ${why}`, code);
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

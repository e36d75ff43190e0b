/**
 * Waits for people. A decision names the bytes that it approves; everything a person should hear is an answer,
 * recorded before it is given. State changes before a handler's first await, since handlers interleave at each.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  currentUpdateInfo,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AcceptedDecision,
  type ApprovalRequest,
  approversOf,
  judgeDecision,
  malformedDecision,
} from '../domain/approval';
import { durationMs } from '../domain/durations';
import type { DecisionAnswer, DecisionMessage, RequestState } from '../domain/messages';
import type { ApproveInput, ApproveResult } from '../domain/phases';
import { io } from './activities';
import { decide, decideBySignal, supersede } from './messages';
import { show } from './visible';

export async function approve(input: ApproveInput): Promise<ApproveResult> {
  return input.request === undefined ? refuse(input) : waitForPeople(input, input.request);
}

type Via = 'update' | 'signal';

async function waitForPeople(input: ApproveInput, opened: ApprovalRequest): Promise<ApproveResult> {
  let request = opened;
  const accepted: AcceptedDecision[] = [];
  const answers = new Map<string, Promise<DecisionAnswer>>();

  const close = (state: RequestState, because: string): void => {
    if (request.state === 'open') request = { ...request, state, closedBecause: because };
  };
  // The one door: the update and its signal twin both come here.
  const take = (message: DecisionMessage, via: Via, messageId: string): Promise<DecisionAnswer> => {
    const given = answers.get(message.id);
    if (given !== undefined) return given;
    const judgement = judgeDecision(request, accepted, message);
    if (judgement.outcome === 'accepted') {
      accepted.push({ id: message.id, by: message.by, verdict: message.verdict });
      if (judgement.state !== 'open') close(judgement.state, `${judgement.state} by ${deciders(accepted)}`);
    }
    const answer = io(input.retries).mlopsRecordDecision({
      request: request._id,
      project: input.project,
      decision: message,
      judgement,
      via,
      messageId,
      workflow: here(),
    });
    answers.set(message.id, answer);
    return answer;
  };
  setHandler(decide, (message) => take(message, 'update', currentUpdateInfo()?.id ?? ''), {
    validator: refuseMalformed,
    description: 'Approve or reject the model: {id, by, verdict: "approve" | "reject", digest, comment?}',
  });
  setHandler(
    decideBySignal,
    async (message) => {
      const mistake = malformedDecision(message);
      if (mistake === undefined) await take(message as DecisionMessage, 'signal', (message as DecisionMessage).id);
      else
        await io(input.retries).mlopsRecordMalformed({
          request: request._id,
          project: input.project,
          mistake,
          workflow: here(),
        });
    },
    { description: 'The same as the update decide, without an answer.' }
  );
  setHandler(supersede, (message) => close('superseded', reasonIn(message)), {
    description: 'A newer cycle takes over.',
  });

  const modelVersion = `${request.project}@${request.number}`;
  show(input, {
    phase: 'approve',
    waitingFor: approversOf(request.policy).map((name) => `approver:${name}`),
    modelVersion,
    details: detailsOf(request),
  });
  const notices = [notify(input, request, 'approval-requested', `${modelVersion} waits for approval`)];
  const reminders = new CancellationScope();
  const reminding = reminders.run(() => remind(input, request, notices)).catch(ignoreCancellation);
  try {
    const decided = await condition(() => request.state !== 'open', durationMs(request.policy.deadline), {
      summary: 'deadline of the approval',
    });
    if (!decided) close('expired', `nobody decided within ${request.policy.deadline.wall}`);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    close('superseded', 'the lifecycle was stopped');
  }
  reminders.cancel();
  return CancellationScope.nonCancellable(async () => {
    await reminding;
    await condition(allHandlersFinished);
    await io(input.retries).mlopsCloseRequest({
      request: request._id,
      project: input.project,
      state: request.state,
      because: request.closedBecause ?? '',
    });
    show(input, {
      phase: 'approve',
      waitingFor: [],
      modelVersion,
      details: `**${modelVersion}: ${request.state}.** ${request.closedBecause ?? ''}`,
    });
    notices.push(
      notify(
        input,
        request,
        `approval-${request.state}`,
        `${modelVersion}: ${request.state}, ${request.closedBecause ?? ''}`
      )
    );
    await Promise.all(notices);
    await condition(allHandlersFinished);
    return { state: request.state, reason: request.closedBecause ?? '' };
  });
}

/** A run that a client started for a request that is closed or was never there: it answers, records, ends. */
async function refuse(input: ApproveInput): Promise<ApproveResult> {
  const requestId = `${input.project}/${input.cycle}`;
  let answered = 0;
  const known = io(input.retries).mlopsFindRequest({ request: requestId });
  const take = async (message: DecisionMessage, via: Via, messageId: string): Promise<DecisionAnswer> => {
    const request = await known;
    const judgement =
      request === null ? UNKNOWN : request.state === 'open' ? NOT_OPEN_YET : judgeDecision(request, [], message);
    const answer = await io(input.retries).mlopsRecordDecision({
      request: requestId,
      project: input.project,
      decision: message,
      judgement,
      via,
      messageId,
      workflow: here(),
    });
    answered += 1;
    return answer;
  };
  setHandler(decide, (message) => take(message, 'update', currentUpdateInfo()?.id ?? ''), {
    validator: refuseMalformed,
  });
  setHandler(decideBySignal, async (message) => {
    if (malformedDecision(message) === undefined)
      await take(message as DecisionMessage, 'signal', (message as DecisionMessage).id);
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

async function remind(input: ApproveInput, request: ApprovalRequest, notices: Promise<void>[]): Promise<void> {
  let passedMs = 0;
  for (const reminder of request.policy.reminders) {
    await sleep(durationMs(reminder) - passedMs, { summary: `reminder after ${reminder.wall}` });
    passedMs = durationMs(reminder);
    notices.push(
      notify(
        input,
        request,
        `reminder-${reminder.wall.replaceAll(' ', '-')}`,
        `${request.project}@${request.number} still waits for approval after ${reminder.wall}`
      )
    );
  }
}

/** At least once; a receiver that is away for long is told of in the audit, and holds nobody up. */
async function notify(input: ApproveInput, request: ApprovalRequest, kind: string, text: string): Promise<void> {
  await io({ retryFor: { wall: '10 minutes' }, heartbeatWithin: { wall: '10 seconds' } })
    .mlopsNotify({
      project: input.project,
      notifiers: input.notifiers ?? [],
      notice: {
        id: `${request._id} ${kind}`,
        kind,
        project: input.project,
        text,
        details: request.evidence,
        workflowId: request.workflowId,
      },
    })
    .catch(async (error: unknown) => {
      if (!isCancellation(error))
        await io(input.retries).mlopsRecordUndelivered({
          project: input.project,
          notice: `${request._id} ${kind}`,
          why: String(error),
        });
    });
}

function detailsOf(request: ApprovalRequest): string {
  // On lines of its own: the UI's frame cuts a long one off.
  const example = JSON.stringify(
    { id: '<any id of yours>', by: '<your name>', verdict: 'approve', digest: request.model },
    null,
    2
  );
  const people = approversOf(request.policy).filter(
    (name) => request.policy.allowOwnWork || !request.ownWorkOf.includes(name)
  );
  return [
    `# ${request.project}@${request.number} waits for approval`,
    '',
    `**Who:** ${people.join(', ')} (${request.policy.approversNeeded} needed, ${request.policy.rejectsNeeded} to reject, until ${request.policy.deadline.wall} after ${request.openedAt}).`,
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

function deciders(accepted: readonly AcceptedDecision[]): string {
  return accepted.map((decision) => decision.by).join(', ');
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

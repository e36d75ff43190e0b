/** Notices to people about a request. No approval depends on a notice: what can't be delivered is in the audit, or the worker's log. */
import { isCancellation, log, sleep } from '@temporalio/workflow';
import type { ApprovalRequest } from '../domain/approval';
import { durationMs } from '../domain/durations';
import { noticeId } from '../domain/ids';
import type { ApproveInput } from '../domain/phases';
import { io } from './activities';
import { reasonOf } from './failures';

/** Each is due by the record's clock; what is overdue was sent by an earlier run. */
export async function remind(input: ApproveInput, request: ApprovalRequest): Promise<void> {
  const openedAt = Date.parse(request.openedAt);
  for (const reminder of request.policy.reminders) {
    const dueInMs = openedAt + durationMs(reminder) - Date.now();
    if (dueInMs <= 0) continue;
    await sleep(dueInMs, { summary: `reminder after ${reminder.wall}` });
    await notify(
      input,
      request,
      `reminder-${reminder.wall.replaceAll(' ', '-')}`,
      `${request.title} still waits for approval after ${reminder.wall}`
    );
  }
}

/** Resolves once the delivery has begun, or the audit says that it can't. */
export async function notify(input: ApproveInput, request: ApprovalRequest, kind: string, text: string): Promise<void> {
  const { definition, plan } = input;
  if (definition === undefined || plan === undefined || plan.notifiers === 0) return;
  const { project, workflowId } = request;
  const notice = { id: `${request._id} ${kind}`, kind, project, text, details: request.evidence, workflowId };
  try {
    const { notifiers } = plan;
    await io(plan).mlopsStartNotice({ v: 1, workflowId: noticeId(workflowId, kind), definition, notifiers, notice });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await io(plan)
      .mlopsRecordUndelivered({ notice, why: reasonOf(error) })
      .catch((unrecorded: unknown) => {
        if (isCancellation(unrecorded)) throw unrecorded;
        log.warn('a notice was neither sent nor recorded', { notice: notice.id, why: reasonOf(unrecorded) });
      });
  }
}

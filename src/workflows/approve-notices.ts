/** Notices to people about a request. No approval depends on a notice. */
import { sleep } from '@temporalio/workflow';
import type { ApprovalRequest } from '../domain/approval';
import { durationMs } from '../domain/durations';
import type { ApproveInput } from '../domain/phases';
import { notify } from './notify';

/** Each is due by the record's clock; what is overdue was sent by an earlier run. */
export async function remind(input: ApproveInput, request: ApprovalRequest): Promise<void> {
  const openedAt = Date.parse(request.openedAt);
  for (const reminder of request.policy.reminders) {
    const dueInMs = openedAt + durationMs(reminder) - Date.now();
    if (dueInMs <= 0) continue;
    await sleep(dueInMs, { summary: `reminder after ${reminder.wall}` });
    await notifyOf(
      input,
      request,
      `reminder-${reminder.wall.replaceAll(' ', '-')}`,
      `${request.title} still waits for approval after ${reminder.wall}`
    );
  }
}

/** Through the notifiers of the cycle that asks. */
export async function notifyOf(
  { definition, plan }: ApproveInput,
  request: ApprovalRequest,
  kind: string,
  text: string
): Promise<void> {
  if (definition === undefined || plan === undefined) return;
  const { project, workflowId } = request;
  const notice = { id: `${request._id} ${kind}`, kind, project, text, details: request.evidence, workflowId };
  await notify({ definition, plan }, notice);
}

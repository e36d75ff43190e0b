/** What a person must know, said through the definition's notifiers. No work depends on it. */
import { isCancellation, log } from '@temporalio/workflow';
import { noticeId } from '../domain/ids';
import type { Notice } from '../domain/notice';
import type { Plan } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { io } from './activities';
import { reasonOf } from './failures';

/** Whose notifiers: the definition that the work goes by. */
export interface Notifying {
  readonly definition: Ref<'definition'>;
  readonly plan: Pick<Plan, 'notifiers' | 'retryFor' | 'heartbeatWithin'>;
}

export type NewNotice = Notice & { readonly workflowId: string };

/**
 * Resolves once the delivery has begun, or failed to: work goes on either way.
 * @param about of it there is one notice of each kind; default: the workflow that is to be answered
 */
export async function notify(
  { definition, plan }: Notifying,
  notice: NewNotice,
  about: string = notice.workflowId
): Promise<void> {
  if (plan.notifiers === 0) return;
  try {
    await io(plan).mlopsStartNotice({
      v: 1,
      workflowId: noticeId(about, notice.kind),
      definition,
      notifiers: plan.notifiers,
      notice,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    await recordUndelivered({ notice, why: reasonOf(error) }, plan);
  }
}

/** In the audit; what can't be recorded either is in the worker's log. */
export async function recordUndelivered(
  undelivered: { readonly notice: Notice; readonly notifier?: number; readonly why: string },
  retries?: Notifying['plan']
): Promise<void> {
  try {
    await io(retries).mlopsRecordUndelivered(undelivered);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { notice, why } = undelivered;
    log.warn('a notice was neither sent nor recorded', { notice: notice.id, why, unrecorded: reasonOf(error) });
  }
}

/** One notice to people, in a workflow that belongs to no other: a receiver that is away for hours delays nothing else. */
import { isCancellation } from '@temporalio/workflow';
import type { DeliverNotice } from '../domain/notice';
import { io } from './activities';
import { reasonOf } from './failures';
import { recordUndelivered } from './notify';

/** At least once through each notifier, tried for a day; what can't be delivered is in the audit. */
export async function deliverNotice({ definition, notifiers, notice }: DeliverNotice): Promise<void> {
  await Promise.all(
    Array.from({ length: notifiers }, (_, notifier) =>
      io()
        .mlopsNotify({ definition, notifier, notice })
        .catch(async (error: unknown) => {
          if (isCancellation(error)) throw error;
          await recordUndelivered({ notice, notifier, why: reasonOf(error) });
        })
    )
  );
}

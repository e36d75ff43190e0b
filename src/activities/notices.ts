/** Tells people: through each notifier of the definition, at least once, with the notice's id. */
import { randomUUID } from 'node:crypto';
import { activityInfo, getClient } from '@temporalio/activity';
import type { NotifierUse } from '../domain/definition';
import { type Notice, sendNotice } from '../notify';
import type { ActivityDeps } from './deps';

export function noticeActivities(deps: ActivityDeps) {
  return {
    async mlopsNotify({
      notifiers,
      notice,
    }: {
      readonly project: string;
      readonly notifiers: readonly NotifierUse[];
      readonly notice: Notice;
    }): Promise<void> {
      const failures: unknown[] = [];
      for (const notifier of notifiers)
        await sendNotice(notifier, notice, deps.registered).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },

    async mlopsRecordUndelivered({
      project,
      notice,
      why,
    }: {
      readonly project: string;
      readonly notice: string;
      readonly why: string;
    }): Promise<void> {
      const { audit } = await deps.stores();
      await audit.record({
        id: `undelivered ${notice} ${activityInfo().workflowExecution?.runId ?? randomUUID()}`,
        project,
        what: 'notice not delivered',
        by: 'temporal-mlops',
        detail: { notice, why: why.slice(0, 500) },
      });
    },

    /** How many workers poll this queue's activities, by the server's word. */
    async mlopsCountPollers({ queue }: { readonly queue: string }): Promise<number> {
      const { namespace } = activityInfo();
      const answer = await getClient().workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: queue },
        taskQueueType: 2,
      });
      return answer.pollers?.length ?? 0;
    },
  };
}

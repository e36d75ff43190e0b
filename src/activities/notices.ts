/** Notifies people: through each notifier of the definition, at least once, with the notice's id. */
import { activityInfo, cancellationSignal, getClient } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RegisteredUse } from '../domain/definition';
import type { DeliverNotice, Notice } from '../domain/notice';
import { sendNotice } from '../notify';
import type { Ref } from '../domain/refs';
import { definitionOf } from './definitions';
import { requireProject } from './caller';
import type { ActivityDeps } from './deps';
import { notifyRegistered } from './registered/notifier';

export function noticeActivities(deps: ActivityDeps) {
  return {
    /** Resolves once the delivery has begun: from then on it needs no caller. A notice is delivered by one workflow, once. */
    async mlopsStartNotice({
      workflowId,
      ...delivery
    }: DeliverNotice & { readonly workflowId: string }): Promise<void> {
      try {
        await getClient().workflow.start('deliverNotice', {
          workflowId,
          taskQueue: activityInfo().taskQueue,
          args: [delivery],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: delivery.notice.text.slice(0, 200),
          staticDetails: `Notice ${delivery.notice.id}, to each notifier of the definition.`,
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async mlopsNotify({
      definition,
      notifier,
      notice,
    }: {
      readonly definition: Ref<'definition'>;
      /** Its place in the definition. */
      readonly notifier: number;
      readonly notice: Notice;
    }): Promise<void> {
      const use = (await definitionOf(await deps.stores(), definition)).notifiers[notifier];
      if (use === undefined) throw new Error(`the definition has no notifiers[${notifier}]`);
      const registered = (code: RegisteredUse) => notifyRegistered(deps, code, notice);
      await sendNotice(use, notice, registered, cancellationSignal());
    },

    /**
     * @param notifier its place in the definition; none, where the delivery never began
     * @throws MlopsError MLOPS_NOT_AUTHORIZED unless a workflow of the project asks
     */
    async mlopsRecordUndelivered({
      notice,
      notifier,
      why,
    }: {
      readonly notice: Notice;
      readonly notifier?: number;
      readonly why: string;
    }): Promise<void> {
      const { runId } = requireProject(notice.project);
      const { audit } = await deps.stores();
      await audit.record({
        id: `undelivered ${notice.id} ${notifier ?? 'any'} ${runId}`,
        project: notice.project,
        what: 'notice not delivered',
        by: 'temporal-mlops',
        detail: {
          notice: notice.id,
          ...(notifier === undefined ? {} : { notifier: `notifiers[${notifier}]` }),
          why: why.slice(0, 500),
        },
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

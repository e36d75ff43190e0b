/** Signals that said nothing: a sender can't be answered, so what was refused is in the audit. */
import { activityInfo } from '@temporalio/activity';
import type { ActivityDeps } from './deps';
import { activityName } from '../domain/ids';

export function refusedSignalActivities(deps: ActivityDeps) {
  return {
    async mlopsRecordRefusedSignal({
      project,
      mistake,
    }: {
      readonly project: string;
      readonly mistake: string;
    }): Promise<void> {
      const { audit } = await deps.stores();
      const { activityId, workflowExecution } = activityInfo();
      await audit.record({
        id: `refused-signal ${activityName(workflowExecution, activityId)}`,
        project,
        what: 'signal refused',
        by: 'unknown',
        detail: { workflow: workflowExecution?.workflowId, mistake: mistake.slice(0, 500) },
      });
    },
  };
}

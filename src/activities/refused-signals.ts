/** Signals that said nothing: a sender can't be answered, so what was refused is in the audit. */
import { activityInfo } from '@temporalio/activity';
import type { ActivityDeps } from './deps';
import { activityName } from '../domain/ids';
import { requireProject } from './caller';

export function refusedSignalActivities(deps: ActivityDeps) {
  return {
    /** @throws MlopsError MLOPS_NOT_AUTHORIZED unless a workflow of the project asks */
    async mlopsRecordRefusedSignal({
      project,
      mistake,
    }: {
      readonly project: string;
      readonly mistake: string;
    }): Promise<void> {
      const workflow = requireProject(project);
      const { audit } = await deps.stores();
      await audit.record({
        id: `refused-signal ${activityName(workflow, activityInfo().activityId)}`,
        project,
        what: 'signal refused',
        by: 'unknown',
        detail: { workflow: workflow.workflowId, mistake: mistake.slice(0, 500) },
      });
    },
  };
}

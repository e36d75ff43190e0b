/** A served version has its monitor: whoever finds that it may have none asks for it, and the endpoint's document decides. */
import { activityInfo, getClient } from '@temporalio/activity';
import { lifecycleId, monitorId } from '../../domain/ids';
import { MESSAGES, type WatchMessage } from '../../domain/messages';
import { planOf } from '../../domain/plan';
import { findEndpoint } from '../../stores/endpoints';
import { lastVerdict } from '../../stores/windows';
import { requireProject } from '../caller';
import { definitionOf } from '../definitions';
import type { ActivityDeps } from '../deps';

export function ensureMonitorActivities(deps: ActivityDeps) {
  return {
    /**
     * Starts the monitor of what the endpoint serves, or says to the one that runs what is served now. Where nothing is
     * served, or the lifecycle has ended, nothing happens.
     * @throws MlopsError MLOPS_NOT_AUTHORIZED unless a workflow of the project asks
     */
    async mlopsEnsureMonitor({ project }: { readonly project: string }): Promise<void> {
      requireProject(project);
      const own = lifecycleId(project);
      const stores = await deps.stores();
      const champion = (await findEndpoint(stores, project))?.champion;
      if (champion === undefined || (await hasEnded(own))) return;
      const { body } = await stores.facts.get({ kind: 'version', id: champion.version });
      const { definition } = body;
      const plan = planOf(await definitionOf(stores, definition));
      // Windows before the last verdict were judged by the monitor before this one.
      const last = await lastVerdict(stores, project);
      const since = last?.body.period.to ?? body.split.knownBy;
      const watch: WatchMessage = { version: champion.version, number: champion.number, since };
      await getClient().workflow.signalWithStart('monitor', {
        workflowId: monitorId(project),
        taskQueue: activityInfo().taskQueue,
        args: [{ v: 1, project, definition, plan, searchAttributes: deps.searchAttributes }],
        signal: MESSAGES.watch,
        signalArgs: [watch],
        staticSummary: `monitor of ${project}`,
        staticDetails: 'Judges each window of the endpoint once its truth has arrived.',
      });
    },
  };
}

/** A lifecycle that never was, as with a rollout by hand, hasn't ended. */
async function hasEnded(lifecycle: string): Promise<boolean> {
  try {
    const { type, status } = await getClient().workflow.getHandle(lifecycle).describe();
    return type === 'lifecycle' && status.name !== 'RUNNING';
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}

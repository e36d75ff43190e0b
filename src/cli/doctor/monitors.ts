/** What is served and not watched, and windows that should have been judged. */
import type { MlopsClient } from '../../client';
import { lifecycleId, monitorId } from '../../domain/ids';
import { eventClock } from '../../records/event-clock';
import type { RecordStores } from '../../records/stores';
import { allEndpoints } from '../../stores/endpoints';
import { type Finding, ok, problem, warning } from './finding';

export async function examineMonitors(client: MlopsClient, stores: RecordStores): Promise<Finding[]> {
  const findings: Finding[] = [];
  let watched = 0;
  for await (const { _id: project, champion } of allEndpoints(stores)) {
    if (champion === undefined || !(await isRunning(client, lifecycleId(project)))) continue;
    const monitor = monitorId(project);
    if (!(await isRunning(client, monitor))) {
      const fix = `The lifecycle starts one when a replica misses it. At once: ${startCommand(client, project)}`;
      findings.push(problem(`workflow ${monitor}`, `version ${champion.number} is served, and no monitor runs`, fix));
      continue;
    }
    watched += 1;
    const { overdue } = await eventClock(stores, project);
    if (overdue === undefined) continue;
    const what = `the window from ${overdue.from} to ${overdue.to} is not judged, though all its time is over`;
    findings.push(warning(`workflow ${monitor}`, what, 'Its page in the Temporal UI says what it waits for.'));
  }
  return findings.length > 0 ? findings : [ok('monitors', `${watched}, none missing or overdue`)];
}

export async function isRunning({ temporal }: MlopsClient, workflowId: string): Promise<boolean> {
  try {
    return (await temporal.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}

/** What a replica sends that finds no monitor. */
function startCommand({ temporal }: MlopsClient, project: string): string {
  const { namespace } = temporal.options;
  return `temporal workflow signal --namespace ${namespace} --workflow-id ${lifecycleId(project)} --name watermark`;
}

/**
 * Asks a project's lifecycle for a cycle, in the name of a schedule or of whoever brings rows. A lifecycle believes
 * signals only from workflows of its own project, whose ids begin with `mlops/<project>/`; a Temporal Schedule starts
 * this one under such an id. People send the update `retrain` instead.
 */
import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { lifecycleId } from '../domain/ids';
import { MESSAGES, type Trigger } from '../domain/messages';

export interface SendTrigger {
  readonly v: 1;
  readonly project: string;
  readonly kind: 'schedule' | 'rows';
  /** One line for approvers. */
  readonly detail?: string;
  /** Event time up to which the cycle may know the world. Default: when this workflow was started, by its wall clock. */
  readonly asOf?: string;
  /** A repeated one counts once. Default: the id of this workflow's run. */
  readonly id?: string;
}

/** Fails where no lifecycle of the project is running. */
export async function sendTrigger({ project, kind, detail, asOf, id }: SendTrigger): Promise<void> {
  const { workflowId, runId, startTime } = workflowInfo();
  const trigger: Trigger = {
    id: id ?? runId,
    cause: { kind, detail: detail ?? `${kind}: ${workflowId}` },
    asOf: asOf ?? startTime.toISOString(),
  };
  await getExternalWorkflowHandle(lifecycleId(project)).signal(MESSAGES.trigger, trigger);
}

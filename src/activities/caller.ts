/** Which workflow called an activity. The server says so, never an argument; an activity may be called without any. */
import { activityInfo } from '@temporalio/activity';
import { MlopsError } from '../domain/errors';
import { projectOfWorkflow } from '../domain/ids';

export interface Caller {
  readonly workflowId: string;
  readonly runId: string;
}

/** @throws MLOPS_NOT_AUTHORIZED where no workflow called */
export function callingWorkflow(): Caller {
  const { workflowExecution } = activityInfo();
  if (workflowExecution === undefined) throw notAuthorized('No workflow called this activity.', {});
  return workflowExecution;
}

/** @throws MLOPS_NOT_AUTHORIZED where another workflow called, or none */
export function requireCaller(workflowId: string): Caller {
  const caller = callingWorkflow();
  if (caller.workflowId !== workflowId)
    throw notAuthorized('Another workflow called this activity.', { caller: caller.workflowId, expected: workflowId });
  return caller;
}

/** @throws MLOPS_NOT_AUTHORIZED where no workflow of the project called */
export function requireProject(project: string): Caller {
  const caller = callingWorkflow();
  if (projectOfWorkflow(caller.workflowId) !== project)
    throw notAuthorized('A workflow of another project called this activity.', { caller: caller.workflowId, project });
  return caller;
}

export function notAuthorized(what: string, where: Readonly<Record<string, string | number | undefined>>): MlopsError {
  return new MlopsError('MLOPS_NOT_AUTHORIZED', what, where, 'Nothing was changed.');
}

/** Milliseconds by the clock of Temporal's server: when it was asked to run the activity. */
export function askedAt(): number {
  return activityInfo().scheduledTimestampMs;
}

/** An operator's message on its way to the workflow that takes it. */
import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { MlopsError } from '../domain/errors';
import { type Cycle, lifecycleId, monitorId, studyWorkflowId } from '../domain/ids';
import type { OperatorAnswer, OperatorMessage } from '../domain/messages';
import { noLifecycle, noMonitor, noStudy } from '../runtime/project-errors';

/** A workflow that takes operators' messages, and what its absence is called. */
export interface Recipient {
  readonly id: string;
  readonly missing: (cause: Error) => MlopsError;
}

export const lifecycleOf = (project: string): Recipient => ({
  id: lifecycleId(project),
  missing: (cause) => noLifecycle(project, cause),
});
export const monitorOf = (project: string): Recipient => ({
  id: monitorId(project),
  missing: (cause) => noMonitor(project, cause),
});
export const studyOf = (project: string, cycle: Cycle): Recipient => ({
  id: studyWorkflowId(project, cycle),
  missing: (cause) => noStudy(project, cycle, cause),
});

export async function sendOperatorMessage(
  temporal: Client,
  { id, missing }: Recipient,
  name: string,
  message: OperatorMessage
): Promise<OperatorAnswer> {
  // Temporal would answer one that failed with its failure for ever; the lifecycle knows the message by its own id.
  const updateId = `${message.id}.${randomUUID().slice(0, 8)}`;
  try {
    return await temporal.workflow
      .getHandle(id)
      .executeUpdate<OperatorAnswer, [OperatorMessage]>(name, { args: [message], updateId });
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? missing(error) : error;
  }
}

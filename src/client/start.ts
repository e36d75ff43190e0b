/** The start of a project's lifecycle, with the message that has its first cycle run. */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { ProjectDefinition } from '../domain/definition';
import { lifecycleId } from '../domain/ids';
import { MESSAGES, type OperatorAnswer, type RetrainMessage } from '../domain/messages';
import type { LifecycleState } from '../domain/phases';
import { packDefinition } from '../runtime/packed-definition';
import { requirePayload } from '../runtime/payload';

/** Undefined where one runs already. */
export async function startLifecycle(
  temporal: Client,
  taskQueue: string,
  definition: ProjectDefinition,
  message: RetrainMessage
): Promise<OperatorAnswer | undefined> {
  const state: LifecycleState = {
    v: 1,
    project: definition.name,
    sent: packDefinition(definition),
    appliedBy: message.by,
    cycle: 0,
    pending: [],
    paused: false,
    answers: [],
    seenTriggers: [],
  };
  requirePayload('The definition is too large for a workflow.', state, 'Make it smaller.');
  const operation = new WithStartWorkflowOperation<Workflow>('lifecycle', {
    workflowId: lifecycleId(definition.name),
    taskQueue,
    args: [state],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `ML lifecycle of ${definition.name}`,
    staticDetails: `From data to an approved, watched model, and around again. Definition ${state.sent?.digest}. **Current details**, beside this, say what it waits for.`,
  });
  try {
    return await temporal.workflow.executeUpdateWithStart<Workflow, OperatorAnswer, [RetrainMessage]>(
      MESSAGES.retrain,
      { args: [message], updateId: message.id, startWorkflowOperation: operation }
    );
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

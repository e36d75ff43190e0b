/** A decision on its way to its request's run; where the request has none at the moment, it starts one. */
import { type Client, WithStartWorkflowOperation, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { phaseId, type RequestName, requestId } from '../domain/ids';
import { type DecisionAnswer, type DecisionMessage, MESSAGES } from '../domain/messages';
import type { ApproveInput } from '../domain/phases';
import { digestOf } from '../runtime/digest';

export function sendDecision(
  temporal: Client,
  taskQueue: string,
  name: RequestName,
  decision: DecisionMessage
): Promise<DecisionAnswer> {
  const input: ApproveInput = { v: 1, ...name, searchAttributes: false };
  const operation = new WithStartWorkflowOperation<Workflow>('approve', {
    workflowId: phaseId(name.project, name.name, 'approve'),
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `answers a decision on ${requestId(name)}`,
    staticDetails: 'Started by a decision on a request that has no run of its own: it answers, records and ends.',
  });
  return temporal.workflow.executeUpdateWithStart<Workflow, DecisionAnswer, [DecisionMessage]>(MESSAGES.decide, {
    args: [decision],
    // Temporal gives the same id the same answer, and two people may choose one id.
    updateId: `${decision.by} ${decision.id} ${digestOf(decision).slice(7, 19)}`,
    startWorkflowOperation: operation,
  });
}

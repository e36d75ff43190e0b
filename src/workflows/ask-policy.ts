/** The lifecycle's side of a change of policy: its request belongs to no cycle, and outlives this run. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { RegisteredDefinition, WaitingDefinition } from '../activities/project';
import { decidedDigest } from '../domain/approval';
import { requestName } from '../domain/ids';
import { MESSAGES } from '../domain/messages';
import { approve } from './approve';
import { described } from './visible';

/** Asks people, once, about a definition that is not in force; what whoever applied it is answered. */
export async function askAboutPolicy(
  project: string,
  { definition, plan, searchAttributes }: Omit<RegisteredDefinition, 'cycles'>,
  { request, why }: WaitingDefinition
): Promise<string> {
  const digest = decidedDigest(request.subject);
  const { name } = requestName(request);
  try {
    await startChild(approve, {
      workflowId: request.workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ v: 1, project, name, searchAttributes, waits: true, definition, plan }],
      ...described(
        `approve ${request.title}?`,
        `It names ${digest}. Its current details, under User Metadata, say how to answer.`
      ),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return [
    `the definition waits for approval under the policy in force (${why.join('; ')})`,
    `mlops decide ${request._id} --by <your name> --approve --digest ${digest}`,
    'until then the definition in force stays as a whole',
  ].join(': ');
}

/** Its record says that it is closed; its workflow looks. */
export async function endRequest(workflowId: string): Promise<void> {
  await getExternalWorkflowHandle(workflowId)
    .signal(MESSAGES.supersede, { reason: 'another definition was applied' })
    .catch((error: unknown) => {
      if (isCancellation(error)) throw error;
    });
}

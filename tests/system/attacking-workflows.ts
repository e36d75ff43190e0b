/** What somebody who may write to the namespace can run on a worker of his own. */
import {
  ApplicationFailure,
  ActivityFailure,
  condition,
  getExternalWorkflowHandle,
  proxyActivities,
} from '@temporalio/workflow';

/** Calls another worker's activity, and answers with what became of it. */
export async function call(activity: string, args: unknown, taskQueue: string): Promise<string> {
  const activities = proxyActivities<Record<string, (args: unknown) => Promise<unknown>>>({
    taskQueue,
    scheduleToCloseTimeout: '40 seconds',
    retry: { maximumAttempts: 1 },
  });
  try {
    await activities[activity]?.(args);
    return 'done';
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    return cause instanceof ApplicationFailure ? (cause.type ?? 'failed') : 'failed';
  }
}

/** Sends a signal from a workflow of any id. */
export async function send(workflowId: string, name: string, payload: unknown): Promise<void> {
  await getExternalWorkflowHandle(workflowId).signal(name, payload);
}

/** Holds its id until it is terminated. */
export async function hold(): Promise<void> {
  await condition(() => false);
}

/** An activity called as the worker would for a workflow of this id. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

/** Not that of Temporal's native runtime, which keeps a process from ending where no connection ever used it. */
const logger = new DefaultLogger('ERROR', () => undefined);

export async function asWorkflow<T>(workflowId: string, call: () => Promise<T>): Promise<T> {
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } }, { logger });
  return (await environment.run(call)) as T;
}

/** An activity called as the worker would for a workflow of this id. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { quiet } from './quiet';

export async function asWorkflow<T>(workflowId: string, call: () => Promise<T>): Promise<T> {
  quiet();
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } });
  return (await environment.run(call)) as T;
}

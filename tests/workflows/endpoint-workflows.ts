/** What the workers of these tests run: ours, and a lifecycle's ear. */
import { condition, ParentClosePolicy, setHandler, startChild } from '@temporalio/workflow';
import type { Trigger } from '../../src/domain/messages';
import type { DeployInput } from '../../src/domain/rollout';
import { deploy } from '../../src/workflows/deploy';
import { trigger } from '../../src/workflows/messages';

export { deliverNotice } from '../../src/workflows/deliver-notice';
export { deploy } from '../../src/workflows/deploy';
export { monitor } from '../../src/workflows/monitor';

/** Starts a rollout as a lifecycle does, and ends. @param taskQueue of the rollout; default: its own */
export async function starter(workflowId: string, input: DeployInput, taskQueue?: string): Promise<void> {
  const queue = taskQueue === undefined ? {} : { taskQueue };
  await startChild(deploy, { workflowId, parentClosePolicy: ParentClosePolicy.ABANDON, args: [input], ...queue });
}

/** Keeps every trigger that it is sent, until `count` have come. */
export async function listener(count: number): Promise<Trigger[]> {
  const heard: Trigger[] = [];
  setHandler(trigger, (message) => {
    heard.push(message as Trigger);
  });
  await condition(() => heard.length >= count);
  return heard;
}

/** What the workers of these tests run: ours, and a lifecycle's ear. */
import { condition, setHandler } from '@temporalio/workflow';
import type { Trigger } from '../../src/domain/messages';
import { trigger } from '../../src/workflows/messages';

export { deploy } from '../../src/workflows/deploy';
export { monitor } from '../../src/workflows/monitor';

/** Keeps every trigger that it is sent, until `count` have come. */
export async function listener(count: number): Promise<Trigger[]> {
  const heard: Trigger[] = [];
  setHandler(trigger, (message) => {
    heard.push(message as Trigger);
  });
  await condition(() => heard.length >= count);
  return heard;
}

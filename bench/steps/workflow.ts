/** Ten steps, one after another; each gets the digest of the one before. */
import { proxyActivities } from '@temporalio/workflow';
import type { stepActivities } from './worker';

export interface TenSteps {
  /** Makes every step's key new. */
  readonly salt: string;
}

const { benchStep } = proxyActivities<ReturnType<typeof stepActivities>>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: 100, maximumInterval: 1000 },
});

export async function tenSteps({ salt }: TenSteps): Promise<StepTimes[]> {
  const times: StepTimes[] = [];
  let before = 'none';
  for (let step = 0; step < 10; step += 1) {
    const done = await benchStep({ salt, step, before });
    times.push(done.times);
    before = done.digest;
  }
  return times;
}

/** Milliseconds of one step's body; `reused` where its record was there. */
export interface StepTimes {
  readonly body: number;
  readonly reused: boolean;
}

/** Ten steps, one after another; each gets the ref of the one before. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { BenchStep, StepDone } from './step-activity';

export interface TenSteps {
  readonly salt: string;
  readonly heartbeatSeconds: number;
}

export async function tenSteps({ salt, heartbeatSeconds }: TenSteps): Promise<StepDone[]> {
  // Time-outs and retries as the product's own phases have them.
  const { benchStep } = proxyActivities<{ benchStep(step: BenchStep): Promise<StepDone> }>({
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '24 hours',
    heartbeatTimeout: heartbeatSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: 250, backoffCoefficient: 2, maximumInterval: 10_000 },
  });
  const done: StepDone[] = [];
  for (let step = 0; step < 10; step += 1) {
    const last = done.at(-1);
    done.push(await benchStep({ salt, step, ...(last === undefined ? {} : { before: last.ref }) }));
  }
  return done;
}

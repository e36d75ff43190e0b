/** How workflows call activities: short reads and writes on the worker's own queue, compute on the queue beside it. */
import {
  ActivityCancellationType,
  condition,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { createActivities } from '../activities';
import { FIRST_RETRY_MS, LONGEST_AFTER_SILENCE_MS } from '../domain/backoff';
import { durationMs } from '../domain/durations';
import { DEFAULT_RETRIES, type Plan } from '../domain/plan';
import { COMPUTE_SUFFIX, LIGHT_SUFFIX } from '../domain/queues';
import { show, type Visible } from './visible';

export type Activities = ReturnType<typeof createActivities>;

type Retries = Pick<Plan, 'retryFor' | 'heartbeatWithin'>;

/**
 * Every kill is an attempt, so retries are bounded by time and not by number. This is for attempts that were lost in silence;
 * one that fails says itself when the next may begin.
 */
const RETRY = {
  initialInterval: FIRST_RETRY_MS,
  backoffCoefficient: 2,
  maximumInterval: LONGEST_AFTER_SILENCE_MS,
} as const;

/** Short effects: a lookup, a record, a notice. An attempt that hangs is given up after a minute, a dead worker's sooner. */
export function io(retries: Retries = DEFAULT_RETRIES): Activities {
  return proxyActivities<Activities>({
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: durationMs(retries.retryFor),
    heartbeatTimeout: durationMs(retries.heartbeatWithin),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY,
  });
}

/** Waits inside the activity and heartbeats while it does. */
export function waiting(retries: Retries = DEFAULT_RETRIES): Activities {
  return proxyActivities<Activities>({
    startToCloseTimeout: durationMs(retries.retryFor),
    scheduleToCloseTimeout: durationMs(retries.retryFor),
    heartbeatTimeout: durationMs(retries.heartbeatWithin),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY,
  });
}

export function computeQueue(): string {
  return `${workflowInfo().taskQueue}${COMPUTE_SUFFIX}`;
}

/** Of compute work that takes seconds: it waits for no slot. */
export function lightQueue(): string {
  return `${workflowInfo().taskQueue}${LIGHT_SUFFIX}`;
}

/** Work of a compute child; its progress is the heartbeat. */
export function compute(retries: Retries = DEFAULT_RETRIES, taskQueue = computeQueue()): Activities {
  return proxyActivities<Activities>({
    taskQueue,
    startToCloseTimeout: durationMs(retries.retryFor),
    scheduleToCloseTimeout: durationMs(retries.retryFor),
    heartbeatTimeout: durationMs(retries.heartbeatWithin),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: RETRY,
  });
}

/** Short work of a compute child: a window's numbers. */
export function light(retries: Retries = DEFAULT_RETRIES): Activities {
  return compute(retries, lightQueue());
}

/** Short compute work that nothing depends on: after a few failures, or some minutes without a worker, it is given up. */
export function beside({ heartbeatWithin }: Pick<Plan, 'heartbeatWithin'> = DEFAULT_RETRIES): Activities {
  return proxyActivities<Activities>({
    taskQueue: lightQueue(),
    startToCloseTimeout: '2 minutes',
    scheduleToCloseTimeout: '5 minutes',
    heartbeatTimeout: durationMs(heartbeatWithin),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { ...RETRY, maximumAttempts: 5 },
  });
}

/** In heartbeats: by default a minute. */
const FIRST_LOOK = 15;

/**
 * Awaits compute work. If it takes a minute and no worker polls its queue, the workflow says so and goes on waiting;
 * looks come ever more rarely, so that a day's training leaves a dozen timers.
 */
export async function untilPickedUp<T>(
  context: { readonly project: string; readonly searchAttributes: boolean; readonly plan: Retries },
  visible: Visible,
  work: Promise<T>,
  queue = computeQueue()
): Promise<T> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  work.then(settle, settle);
  try {
    await untilSettled(context, visible, queue, () => settled);
  } catch (error) {
    // The work is cancelled, too: whether it committed is known once it has ended.
    if (isCancellation(error)) await work;
    throw error;
  }
  return work;
}

async function untilSettled(
  context: { readonly project: string; readonly searchAttributes: boolean; readonly plan: Retries },
  visible: Visible,
  queue: string,
  settled: () => boolean
): Promise<void> {
  let shown = false;
  for (let lookMs = FIRST_LOOK * durationMs(context.plan.heartbeatWithin); ; lookMs *= 2) {
    // Its timer ends with the work, so that nothing is left to wake a workflow that lives on.
    if (await condition(settled, lookMs, { summary: `is ${queue} polled?` })) break;
    const polled = await isPolled(queue, context.plan);
    if (settled()) break;
    if (polled === false) {
      show(context, {
        ...visible,
        waitingFor: [`worker:${queue}`],
        details: `${visible.details}\n\n**No worker polls \`${queue}\`.** Start one: \`mlops worker\`. The work goes on by itself.`,
      });
      shown = true;
    } else if (polled === true && shown) {
      show(context, visible);
      shown = false;
    }
  }
  if (shown) show(context, visible);
}

/** Undefined where the server doesn't say: no reason to give the work up. */
async function isPolled(queue: string, retries: Retries): Promise<boolean | undefined> {
  try {
    return (await io(retries).mlopsCountPollers({ queue })) > 0;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
}

/** Housekeeping by a person, and by a Temporal Schedule: one for all projects behind a task queue. */
import { randomUUID } from 'node:crypto';
import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { parseDurationMs } from '../domain/durations';
import { MlopsError } from '../domain/errors';
import type { HousekeepingInput, HousekeepingResult } from '../domain/housekeeping';
import { housekeepingId, housekeepingSchedule } from '../domain/ids';

export interface HousekeepingSchedule {
  readonly everyMs: number;
  readonly paused: boolean;
  readonly next?: Date;
}

/** A schedule of seconds is a mistake. */
const LEAST_INTERVAL_MS = 60_000;
/** A run that was due longer ago than this is left out. */
const CATCH_UP_MS = 3_600_000;

export function runHousekeeping(
  temporal: Client,
  taskQueue: string,
  input: Pick<HousekeepingInput, 'dryRun'>
): Promise<HousekeepingResult> {
  return temporal.workflow.execute<(input: HousekeepingInput) => Promise<HousekeepingResult>>('housekeeping', {
    workflowId: housekeepingId(randomUUID()),
    taskQueue,
    args: [{ v: 1, ...input }],
    staticSummary: input.dryRun === true ? 'housekeeping, dry run' : 'housekeeping',
    staticDetails: 'Takes the bytes that nothing needs any more. **Current details**, beside this, say how much.',
  });
}

/** @throws MlopsError MLOPS_USAGE */
export async function setSchedule(temporal: Client, taskQueue: string, every: string): Promise<void> {
  const everyMs = parseDurationMs(every);
  if (everyMs === undefined || everyMs < LEAST_INTERVAL_MS)
    throw new MlopsError(
      'MLOPS_USAGE',
      'The interval is not a duration of at least a minute.',
      { every },
      "Write it as '1 day'."
    );
  const input: HousekeepingInput = { v: 1 };
  const scheduleId = housekeepingSchedule(taskQueue);
  const options = {
    spec: { intervals: [{ every: everyMs }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: Math.min(everyMs, CATCH_UP_MS) },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'housekeeping',
      workflowId: scheduleId,
      taskQueue,
      args: [input],
    },
  };
  try {
    await temporal.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await temporal.schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  }
}

export async function findSchedule(temporal: Client, taskQueue: string): Promise<HousekeepingSchedule | undefined> {
  try {
    const { spec, info, state } = await temporal.schedule.getHandle(housekeepingSchedule(taskQueue)).describe();
    return {
      everyMs: spec.intervals?.[0]?.every ?? 0,
      paused: state.paused,
      ...(info.nextActionTimes[0] === undefined ? {} : { next: info.nextActionTimes[0] }),
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

export async function removeSchedule(temporal: Client, taskQueue: string): Promise<void> {
  await temporal.schedule
    .getHandle(housekeepingSchedule(taskQueue))
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}

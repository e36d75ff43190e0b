/** A workflow that a Temporal Schedule starts: a run that is due while one runs is left out. */
import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { parseDurationMs } from '../domain/durations';
import { MlopsError } from '../domain/errors';

export interface Schedule {
  readonly everyMs: number;
  readonly paused: boolean;
  readonly next?: Date;
}

/** What it starts. */
export interface Scheduled {
  /** Of the schedule; ids of its workflows begin with it. */
  readonly scheduleId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly input: object;
}

/** A schedule of seconds is a mistake. */
const LEAST_INTERVAL_MS = 60_000;
/** A run that was due longer ago than this is left out. */
const CATCH_UP_MS = 3_600_000;

/** @throws MlopsError MLOPS_USAGE */
export async function setSchedule(
  temporal: Client,
  { scheduleId, workflowType, taskQueue, input }: Scheduled,
  every: string
): Promise<void> {
  const everyMs = parseDurationMs(every);
  if (everyMs === undefined || everyMs < LEAST_INTERVAL_MS)
    throw new MlopsError(
      'MLOPS_USAGE',
      'The interval is not a duration of at least a minute.',
      { every },
      "Write it as '1 day'."
    );
  const options = {
    spec: { intervals: [{ every: everyMs }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: Math.min(everyMs, CATCH_UP_MS) },
    action: {
      type: 'startWorkflow' as const,
      workflowType,
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

export async function findSchedule(temporal: Client, scheduleId: string): Promise<Schedule | undefined> {
  try {
    const { spec, info, state } = await temporal.schedule.getHandle(scheduleId).describe();
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

export async function removeSchedule(temporal: Client, scheduleId: string): Promise<void> {
  await temporal.schedule
    .getHandle(scheduleId)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
}

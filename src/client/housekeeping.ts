/** Housekeeping by a person, and by a Temporal Schedule: one for all projects behind a task queue. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { HousekeepingInput, HousekeepingResult } from '../domain/housekeeping';
import { housekeepingId, housekeepingSchedule } from '../domain/ids';
import type { Scheduled } from './schedule';

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

export function scheduledHousekeeping(taskQueue: string): Scheduled {
  const input: HousekeepingInput = { v: 1 };
  return { scheduleId: housekeepingSchedule(taskQueue), workflowType: 'housekeeping', taskQueue, input };
}

import type { Command } from 'commander';
import type { MlopsClient, Schedule } from '../../client';
import { MlopsError } from '../../domain/errors';
import { withClient } from '../connect';
import { withTaskQueue } from '../options';
import { pairs } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface ScheduleOptions {
  readonly every?: string;
  readonly off?: true;
  readonly taskQueue?: string;
}

export function addHousekeeping(program: Command): void {
  const command = addVerb(program, 'housekeeping', "housekeeping --every '1 day'")
    .option('--every <interval>', "how often gc runs, such as '1 day'; sets the schedule")
    .option('--off', 'removes the schedule')
    .action(answering((options: ScheduleOptions) => withClient(options, (client) => scheduled(client, options))));
  withTaskQueue(command);
}

async function scheduled(client: MlopsClient, options: ScheduleOptions): Promise<Outcome> {
  const { every, off } = options;
  if (off === true && every !== undefined)
    throw new MlopsError('MLOPS_USAGE', '--every and --off exclude each other.', {}, 'Leave one of them out.');
  if (off === true) await client.unscheduleHousekeeping();
  if (every !== undefined) await client.scheduleHousekeeping({ every });
  return outcomeOf(await client.housekeepingSchedule());
}

function outcomeOf(schedule: Schedule | undefined): Outcome {
  if (schedule === undefined)
    return { json: { scheduled: false }, text: "Housekeeping has no schedule: mlops housekeeping --every '1 day'." };
  const { everyMs, paused, next } = schedule;
  return {
    json: { scheduled: true, ...schedule },
    text: pairs([
      ['every', `${everyMs / 3_600_000} hours`],
      ['next', paused ? 'paused' : next?.toISOString()],
    ]),
  };
}

import type { Command } from 'commander';
import type { HousekeepingResult, Tally } from '../../domain/housekeeping';
import { withClient } from '../connect';
import { withTaskQueue } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface GcOptions {
  readonly dryRun?: true;
  readonly taskQueue?: string;
}

export function addGc(program: Command): void {
  const command = addVerb(program, 'gc', 'gc --dry-run')
    .option('--dry-run', 'only count what would be taken')
    .action(
      answering((options: GcOptions) =>
        withClient(options, async (client) => outcomeOf(await client.housekeep({ dryRun: options.dryRun === true })))
      )
    );
  withTaskQueue(command);
}

function outcomeOf(result: HousekeepingResult): Outcome {
  const { dryRun, taken, kept, retention } = result;
  const parts = [
    taken.length === 0
      ? `Nothing ${dryRun ? 'would be' : 'was'} taken.`
      : listed(dryRun ? 'would take' : 'took', taken),
    kept.length === 0 ? 'There is nothing to keep.' : listed('keeps', kept),
    `The worker keeps: ${Object.entries(retention ?? {})
      .map(([what, time]) => `${what} ${time}`)
      .join(', ')}.`,
  ];
  return { json: result, text: parts.join('\n\n') };
}

function listed(heading: string, tallies: readonly Tally[]): string {
  return table(
    [heading, 'bytes of', 'count', 'why'],
    tallies.map(({ what, why, count, bytes }) => [bytes, what, count, why])
  );
}

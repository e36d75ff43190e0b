import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import { monitorId } from '../../domain/ids';
import type { EventClockRecord, Records } from '../../records';
import { withClient, withRecords } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { projectName, senderOf, when, withSender, withTaskQueue } from '../options';
import { pairs, table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface ClockOptions extends OperateOptions {
  readonly set?: string;
}

export function addClock(program: Command): void {
  const command = addVerb(program, 'clock', 'clock flights --set 2001-05-01T00:00:00Z --by ana')
    .argument('<project>', 'name of the project', projectName)
    .option('--set <when>', 'event time to go on from; windows after it are judged again', when)
    .action(
      answering((project: string, { set, ...options }: ClockOptions) => {
        if (set === undefined) return withRecords((records) => clockOutcome(project, records));
        return withClient(options, async (client) => {
          const message = { ...senderOf(options), at: set };
          return answered(project, message, await client.setClock(project, message), monitorId(project));
        });
      })
    );
  withTaskQueue(withSender(command));
}

async function clockOutcome(project: string, records: Records): Promise<Outcome> {
  const clock = await records.eventClock(project);
  if (clock.at === undefined && clock.replicas.length === 0) {
    throw new MlopsError(
      'MLOPS_UNKNOWN_PROJECT',
      'No endpoint of this project has an event time or a replica.',
      { project },
      'mlops ls projects lists projects; mlops serve <project> starts a replica.'
    );
  }
  return { json: clock, text: clockText(clock) };
}

export function clockText({
  endpoint,
  at,
  set,
  waits,
  withoutEventTime,
  unmatchedTruths,
  conflictingPredictions,
  replicas,
}: EventClockRecord): string {
  const head = pairs([
    ['endpoint', endpoint],
    ['event time', at ?? 'unknown: no replica has shipped any'],
    ['set by a person', set === undefined ? undefined : `to ${set.at}, time ${set.epoch}`],
    ['waits for', waits],
    ['without event time', withoutEventTime === 0 ? undefined : `${withoutEventTime} predictions, in no window`],
    [
      'truths kept aside',
      unmatchedTruths === 0 ? undefined : `${unmatchedTruths}: mlops ls truths ${endpoint} --unmatched`,
    ],
    [
      'predictions kept aside',
      conflictingPredictions === 0
        ? undefined
        : `${conflictingPredictions}: mlops ls predictions ${endpoint} --conflicts`,
    ],
  ]);
  const rows = replicas.map((one) => [
    one.replica,
    one.live,
    one.shippedTo,
    one.idle,
    one.ahead?.count,
    one.ahead?.lowest,
  ]);
  if (rows.length === 0) return head;
  return `${head}\n\n${table(['replica', 'live', 'shipped to', 'idle', 'set aside', 'at'], rows)}`;
}

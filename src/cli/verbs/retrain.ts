import type { Command } from 'commander';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { projectName, senderOf, when, withSender, withTaskQueue } from '../options';
import { addVerb, answering } from '../verb';

interface RetrainOptions extends OperateOptions {
  readonly asOf: string;
  readonly supersede?: true;
}

export function addRetrain(program: Command): void {
  const command = addVerb(program, 'retrain', 'retrain flights --as-of 2001-05-10T18:20:00Z --by ana')
    .argument('<project>', 'name of the project', projectName)
    .requiredOption('--as-of <when>', 'use only what was known at this event time', when)
    .option('--supersede', 'close an open approval request in favour of the new cycle')
    .action(
      answering((project: string, options: RetrainOptions) =>
        withClient(options, async (client) => {
          const message = { ...senderOf(options), asOf: options.asOf, supersede: options.supersede === true };
          return answered(project, message, await client.retrain(project, message));
        })
      )
    );
  withTaskQueue(withSender(command));
}

import type { Command } from 'commander';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { parseCount, projectName, senderOf, withSender, withTaskQueue } from '../options';
import { addVerb, answering } from '../verb';

interface RollbackOptions extends OperateOptions {
  readonly to?: number;
}

export function addRollback(program: Command): void {
  const command = addVerb(program, 'rollback', 'rollback flights --to 1 --by ana')
    .argument('<project>', 'name of the project', projectName)
    .option('--to <number>', 'version to go back to; default: the one that was live before', parseCount)
    .action(
      answering((project: string, options: RollbackOptions) =>
        withClient(options, async (client) => {
          const message = { ...senderOf(options), ...(options.to === undefined ? {} : { to: options.to }) };
          return answered(project, message, await client.rollback(project, message));
        })
      )
    );
  withTaskQueue(withSender(command));
}

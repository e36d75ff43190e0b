import type { Command } from 'commander';
import { withClient } from '../cli/connect';
import { answered, type OperateOptions } from '../cli/operate';
import { count, projectName, senderOf, withSender, withTaskQueue } from '../cli/options';
import { addVerb, answering } from '../cli/verb';

interface RollbackOptions extends OperateOptions {
  readonly to?: number;
}

export function addRollback(program: Command): void {
  const command = addVerb(program, 'rollback', 'Serves an earlier version again', 'rollback flights --to 1 --by ana')
    .argument('<project>', 'name of the project', projectName)
    .option('--to <number>', 'version to go back to; default: the one that was live before', count)
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

import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import { parseVersionLabel } from '../../domain/ids';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { senderOf, withSender, withTaskQueue } from '../options';
import { addVerb, answering } from '../verb';

export function addDeploy(program: Command): void {
  const command = addVerb(program, 'deploy', 'deploy flights@2 --by ana')
    .argument('<version>', '<project>@<number>: mlops ls versions')
    .action(
      answering((text: string, options: OperateOptions) => {
        const named = parseVersionLabel(text);
        if (named === undefined)
          throw new MlopsError(
            'MLOPS_USAGE',
            `${text} is not a version's name.`,
            {},
            'Write <project>@<number>: mlops ls versions.'
          );
        const { project, number } = named;
        return withClient(options, async (client) => {
          const message = { ...senderOf(options), number };
          return answered(project, message, await client.deploy(project, message));
        });
      })
    );
  withTaskQueue(withSender(command));
}

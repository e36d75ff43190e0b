import type { Command } from 'commander';
import { digestOf } from '../../runtime/digest';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { projectName, senderOf, withSender, withTaskQueue } from '../options';
import { projectFrom } from '../project-file';
import { addVerb, answering } from '../verb';

interface ApplyOptions extends OperateOptions {
  readonly name?: string;
}

export function addApply(program: Command): void {
  const command = addVerb(program, 'apply', 'apply project.ts --by ana')
    .argument('<project-file>', 'project.ts, .js or .json')
    .option('--name <project>', "a name instead of the definition's own", projectName)
    .action(
      answering(async (file: string, options: ApplyOptions) => {
        const definition = await projectFrom(file, options.name);
        return withClient(options, async (client) => {
          const message = senderOf(options);
          const outcome = answered(definition.name, message, await client.apply(definition, message));
          return { ...outcome, json: { ...(outcome.json as object), definition: digestOf(definition) } };
        });
      })
    );
  withTaskQueue(withSender(command));
}

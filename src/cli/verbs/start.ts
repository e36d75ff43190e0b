import type { Command } from 'commander';
import { digestOf } from '../../runtime/digest';
import { withClient } from '../connect';
import { answered, type OperateOptions } from '../operate';
import { projectName, senderOf, when, withSender, withTaskQueue } from '../options';
import { projectFrom } from '../project-file';
import { addVerb, answering } from '../verb';

interface StartOptions extends OperateOptions {
  readonly asOf: string;
  readonly name?: string;
}

export function addStart(program: Command): void {
  const command = addVerb(program, 'start', 'start project.ts --as-of 2001-02-01 --by ana')
    .argument('<project-file>', 'project.ts, .js or .json')
    .requiredOption('--as-of <when>', 'use only what was known at this event time', when)
    .option('--name <project>', "a name instead of the definition's own", projectName)
    .action(
      answering(async (file: string, options: StartOptions) => {
        const definition = await projectFrom(file, options.name);
        return withClient(options, async (client) => {
          const message = senderOf(options);
          const answer = await client.start({ definition, asOf: options.asOf, ...message });
          const outcome = answered(definition.name, message, answer);
          return { ...outcome, json: { ...(outcome.json as object), definition: digestOf(definition) } };
        });
      })
    );
  withTaskQueue(withSender(command));
}

/** Verbs that send a lifecycle one message and print its answer. */
import type { Command } from 'commander';
import type { MlopsClient, OperatorAnswer } from '../client';
import { lifecycleId } from '../domain/ids';
import type { OperatorMessage } from '../domain/messages';
import { type ClientOptions, withClient } from './connect';
import { projectName, type SenderOptions, senderOf, withSender, withTaskQueue } from './options';
import { addVerb, answering, type Outcome } from './verb';

export type OperateOptions = SenderOptions & ClientOptions;

export function answered(
  project: string,
  message: OperatorMessage,
  answer: OperatorAnswer,
  workflowId: string = lifecycleId(project)
): Outcome {
  return {
    json: { project, workflowId, id: message.id, by: message.by, ...answer },
    text: answer.outcome === 'accepted' ? `${project}: ${answer.reason}` : '',
    ...(answer.outcome === 'refused' ? { failed: `${project} refused: ${answer.reason}` } : {}),
  };
}

/** retry, skip, pause, unpause, stop: a project, who asks, and nothing else. */
export function addOperatorVerb(program: Command, verb: 'retry' | 'skip' | 'pause' | 'unpause' | 'stop'): void {
  const command = addVerb(program, verb, `${verb} flights --by ana`)
    .argument('<project>', 'name of the project', projectName)
    .action(
      answering((project: string, options: OperateOptions) =>
        withClient(options, async (client: MlopsClient) => {
          const message = senderOf(options);
          return answered(project, message, await client[verb](project, message));
        })
      )
    );
  withTaskQueue(withSender(command));
}

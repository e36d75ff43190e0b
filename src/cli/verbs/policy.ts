/** The policy in force, changed by whoever has the stores' credentials: for the day on which no approver is left. */
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { ProjectDefinition } from '../../domain/definition';
import { storeConfig } from '../../stores/config';
import { connectStores } from '../../stores/connect';
import { resetDefinition } from '../../stores/apply-definition';
import { recordDefinition } from '../../stores/definitions';
import { projectName, type SenderOptions, senderOf, withSender } from '../options';
import { projectFrom } from '../project-file';
import { addVerb, answering, type Outcome } from '../verb';
import { processName } from '../../domain/ids';

interface PolicyOptions extends SenderOptions {
  readonly name?: string;
}

export function addPolicy(program: Command): void {
  const command = addVerb(program, 'policy', 'policy reset project.ts --by ana --comment "both approvers have left"')
    .argument('<reset>', 'reset: puts the definition in force without an approval, and says so in the audit', onlyReset)
    .argument('<project-file>', 'project.ts, .js or .json')
    .option('--name <project>', "instead of the definition's own name", projectName)
    .action(
      answering(async (_: string, file: string, options: PolicyOptions) =>
        reset(await projectFrom(file, options.name), options)
      )
    );
  withSender(command);
}

async function reset(definition: ProjectDefinition, options: PolicyOptions): Promise<Outcome> {
  const sender = senderOf(options);
  const project = definition.name;
  // No server says who holds the stores' credentials: this is who and where the process says it is.
  const callerIdentity = `stores, ${processName(process.pid, hostname())}`;
  const stores = await connectStores(storeConfig());
  try {
    const ref = await recordDefinition(stores, definition, { by: sender.by, callerIdentity });
    const reset = { project, ref, definition, ...sender, callerIdentity, now: Date.now() };
    const digest = await resetDefinition(stores, reset);
    return {
      json: { project, outcome: 'reset', definition: digest, id: sender.id, by: sender.by },
      text: `${project} goes by ${digest} from its next cycle on; the audit says that ${sender.by} reset its policy.`,
    };
  } finally {
    await stores.close();
  }
}

function onlyReset(text: string): string {
  if (text === 'reset') return text;
  throw new InvalidArgumentError('The one thing to do here is reset.');
}

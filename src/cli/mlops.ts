#!/usr/bin/env node
/** The `mlops` command: verbs.ts lists the verbs, verbs/ has one file for each, loaded when it is used. */
import { Command } from 'commander';
import { fail } from './fail';
import { release } from './release';
import { addVerbs } from './verbs';

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('mlops')
    .description('The machine-learning lifecycle as durable Temporal workflows')
    .version(release())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText(
      'after',
      '\nServers: TEMPORAL_*, MONGODB_URI and S3_* say where they are, else what ./scripts/stack.sh up wrote, in a clone\n' +
        'of the repository or where MLOPS_STACK_DIR names its folder. MLOPS_DATA_CONVERTER names a module with a codec.\n' +
        'Exit codes: 0 done, 1 failed, 2 used wrongly. MLOPS_DEBUG=1 prints stack traces.\n\n' +
        'Example:\n  $ mlops check project.ts'
    );
  try {
    await addVerbs(program, args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = fail(error, args);
  }
}

// A reader that has seen enough, such as `head`, is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

void main(process.argv.slice(2));

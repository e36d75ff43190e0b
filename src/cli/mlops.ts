#!/usr/bin/env node
/** The `mlops` command: one file per verb in verbs/, what they share in cli/. */
import { Command } from 'commander';
import { fail } from './fail';
import { release } from './release';
import { addApply } from './verbs/apply';
import { addCheck } from './verbs/check';
import { addDecide } from './verbs/decide';
import { addDoctor } from './verbs/doctor';
import { addEvaluate } from './verbs/evaluate';
import { addLineage } from './verbs/lineage';
import { addLs } from './verbs/ls';
import { addPause } from './verbs/pause';
import { addPredict } from './verbs/predict';
import { addRetrain } from './verbs/retrain';
import { addRetry } from './verbs/retry';
import { addRollback } from './verbs/rollback';
import { addServe } from './verbs/serve';
import { addShow } from './verbs/show';
import { addSkip } from './verbs/skip';
import { addStart } from './verbs/start';
import { addStatus } from './verbs/status';
import { addStop } from './verbs/stop';
import { addTruth } from './verbs/truth';
import { addUnpause } from './verbs/unpause';
import { addWorker } from './verbs/worker';

/** In the order in which a newcomer meets them. */
const VERBS = [
  addCheck,
  addWorker,
  addServe,
  addStart,
  addApply,
  addStatus,
  addDecide,
  addRetrain,
  addRetry,
  addSkip,
  addPause,
  addUnpause,
  addRollback,
  addStop,
  addEvaluate,
  addPredict,
  addTruth,
  addLs,
  addShow,
  addLineage,
  addDoctor,
];

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('mlops')
    .description('The machine-learning lifecycle as durable Temporal workflows')
    .version(release())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText(
      'after',
      '\nServers are found by TEMPORAL_*, MONGODB_URI and S3_*, else by what ./scripts/stack.sh up wrote to .stack/env.\n' +
        'Exit codes: 0 done, 1 failed, 2 used wrongly. MLOPS_DEBUG=1 shows where an error comes from.\n\nExample:\n  $ mlops check examples/flights/project.ts'
    );
  for (const add of VERBS) add(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = fail(error, args.includes('--json'));
  }
}

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

void main(process.argv.slice(2));

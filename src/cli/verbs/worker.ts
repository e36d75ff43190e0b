import type { LogLevel } from '@temporalio/common';
import { type Command, Option } from 'commander';
import type { Retention } from '../../domain/housekeeping';
import { DEFAULT_TASK_QUEUE } from '../../domain/queues';
import { readEnvironment } from '../../runtime/environment';
import { collect, limitOption, parseCount, withTaskQueue } from '../options';
import { addVerb, type JsonOption } from '../verb';

interface WorkerOptions extends JsonOption {
  readonly taskQueue?: string;
  readonly register: readonly string[];
  readonly connections?: string;
  readonly compute: 'here' | 'elsewhere';
  readonly slots: number;
  readonly limit: Readonly<Record<string, number>>;
  readonly keep: Partial<Retention>;
  readonly data?: string;
  readonly workFolder?: string;
  readonly searchAttributes: boolean;
  readonly logLevel: string;
}

export function addWorker(program: Command): void {
  const command = addVerb(program, 'worker', 'worker --register labelers.ts --slots 2')
    .option(
      '--register <file>',
      "a module whose default export is this worker's registered code; may be repeated",
      collect,
      []
    )
    .option(
      '--connections <file>',
      'JSON of the connections that sources name; holds where secrets are, never a secret'
    )
    .addOption(
      new Option('--compute <where>', 'whether this process polls the compute queues, too')
        .choices(['here', 'elsewhere'])
        .default('here')
    )
    .option('--slots <n>', 'compute children at once; they share the processors', parseCount, 1)
    .addOption(limitOption('computeMemory=8e9'))
    .option(
      '--keep <what=time>',
      `how long housekeeping keeps bytes that nothing needs, such as records='60 days'; may be repeated`,
      kept,
      {}
    )
    .option('--data <folder>', 'where relative paths of sources start; default: the working directory')
    .option('--work-folder <folder>', "attempts' folders and downloads; default: in the system's temporary folder")
    .option('--no-search-attributes', 'do without our search attributes, where the namespace may not have them')
    .addOption(
      new Option('--log-level <level>', 'level of the log on standard error')
        .choices(['trace', 'debug', 'info', 'warn', 'error'])
        .default('warn')
    )
    .action(work);
  withTaskQueue(command);
}

/** Checked where it is used, as limits are. */
function kept(text: string, before: Partial<Retention>): Partial<Retention> {
  const [what = '', time = ''] = text.split('=', 2);
  return { ...before, [what]: time };
}

async function work(options: WorkerOptions): Promise<void> {
  const env = readEnvironment();
  // Loaded here: it is native code, which no other verb needs.
  const { connectionsIn, runWorker } = await import('../../worker/run-worker.js');
  const connections = options.connections === undefined ? {} : connectionsIn(options.connections);
  await runWorker({
    env,
    logLevel: options.logLevel.toUpperCase() as LogLevel,
    taskQueue: options.taskQueue ?? env.MLOPS_TASK_QUEUE ?? DEFAULT_TASK_QUEUE,
    registered: options.register,
    connections,
    compute: options.compute,
    computeSlots: options.slots,
    limits: options.limit,
    retention: options.keep,
    searchAttributes: options.searchAttributes,
    ...(options.data === undefined ? {} : { dataFolder: options.data }),
    ...(options.workFolder === undefined ? {} : { workFolder: options.workFolder }),
    onReady: (ready) => {
      const queues = [ready.taskQueue, ready.computeQueue, ready.lightQueue].filter(Boolean).join(', ');
      process.stderr.write(`mlops worker: ready, polls ${queues} at ${ready.address}, namespace ${ready.namespace}\n`);
      if (options.json === true) process.stdout.write(`${JSON.stringify(ready)}\n`);
    },
  });
}

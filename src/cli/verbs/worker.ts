import type { LogLevel } from '@temporalio/common';
import { type Command, Option } from 'commander';
import { DEFAULT_TASK_QUEUE } from '../../domain/queues';
import { readEnvironment } from '../../runtime/environment';
import { collect, parseCount, withTaskQueue } from '../options';
import { addVerb, type JsonOption } from '../verb';

interface WorkerOptions extends JsonOption {
  readonly taskQueue?: string;
  readonly register: readonly string[];
  readonly compute: 'here' | 'elsewhere';
  readonly slots: number;
  readonly limit: Readonly<Record<string, number>>;
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
    .addOption(
      new Option('--compute <where>', 'whether this process polls the compute queue, too')
        .choices(['here', 'elsewhere'])
        .default('here')
    )
    .option('--slots <n>', 'compute children at once; each uses one core', parseCount, 1)
    .option(
      '--limit <name=value>',
      'a ceiling, such as computeMemory=8e9 (bytes, ms or a count); may be repeated',
      limit,
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

/** Which names there are, and what fits, is known where they are used. */
function limit(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [name = '', value = ''] = text.split('=', 2);
  return { ...before, [name]: Number(value) };
}

async function work(options: WorkerOptions): Promise<void> {
  const env = readEnvironment();
  // Loaded here: it is native code, which no other verb needs.
  const { installRuntime, runWorker } = await import('../../worker/run-worker.js');
  installRuntime(options.logLevel.toUpperCase() as LogLevel);
  await runWorker({
    env,
    taskQueue: options.taskQueue ?? env.MLOPS_TASK_QUEUE ?? DEFAULT_TASK_QUEUE,
    registered: options.register,
    compute: options.compute,
    computeSlots: options.slots,
    limits: options.limit,
    searchAttributes: options.searchAttributes,
    ...(options.data === undefined ? {} : { dataFolder: options.data }),
    ...(options.workFolder === undefined ? {} : { workFolder: options.workFolder }),
    onReady: (ready) => {
      const queues = [ready.taskQueue, ...(ready.computeQueue === undefined ? [] : [ready.computeQueue])].join(' and ');
      process.stderr.write(`mlops worker: ready, polls ${queues} at ${ready.address}, namespace ${ready.namespace}\n`);
      if (options.json === true) process.stdout.write(`${JSON.stringify(ready)}\n`);
    },
  });
}

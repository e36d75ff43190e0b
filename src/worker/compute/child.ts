/**
 * A compute child's whole life: take a job, run it, answer; light jobs one after the other, any other once. It ends with its parent, so
 * an orphan writes nothing.
 */
import '../../runtime/no-telemetry';
import { errorCodeOf, MlopsError } from '../../domain/errors';
import type { Job, JobCost } from '../../domain/job';
import { peakMemory } from '../../runtime/peak-memory';
import { isLight, JOBS, type JobEntry, LOADED_AHEAD, runsUserCode } from './jobs';
import type { Failed, FromChild, FromWorker, RunsJob } from './protocol';

const send = process.send?.bind(process);

const report = (message: FromChild): void => {
  send?.(message);
};

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/** Attempts' folders come and go. */
const home = process.cwd();
let taken = false;

process.on('message', (message: FromWorker) => {
  if (message.type === 'prepare') {
    for (const module of LOADED_AHEAD) require(module);
  } else if (!taken) {
    taken = true;
    report({ type: 'taken' });
    if (runsUserCode(message.job)) failWithUserCode();
    void run(message).then((answer) => {
      if (answer.type === 'done' && isLight(message.job)) {
        process.chdir(home);
        taken = false;
      }
      report(answer);
    });
  }
});

async function run({ job, input, folder }: RunsJob): Promise<FromChild> {
  let ended = false;
  // What a job leaves behind is no word of the next one's.
  const reportOfJob = (message: FromChild): void => {
    if (!ended) report(message);
  };
  try {
    process.chdir(folder);
    const entry = (JOBS as Readonly<Record<string, JobEntry>>)[job];
    if (entry === undefined) throw new Error(`no such job: ${job}`);
    const work = (require(entry.module) as Readonly<Record<string, Job<unknown, unknown>>>)[entry.name];
    if (work === undefined) throw new Error(`${entry.module} has no ${entry.name}`);
    const output = await work(input, {
      folder,
      progress: (progress) => reportOfJob({ type: 'progress', progress }),
      checkpoint: (file, step) => reportOfJob({ type: 'checkpoint', file, step }),
    });
    return { type: 'done', output, cost: cost() };
  } catch (error) {
    return failed(error);
  } finally {
    ended = true;
  }
}

let spent = 0;

/** Of the job that ends, and of what was before the first: the process's start. */
function cost(): JobCost {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const before = spent;
  spent = userCPUTime + systemCPUTime;
  return { cpuSeconds: (spent - before) / 1e6, peakBytes: peakMemory() };
}

/** What the user's code throws outside of its call, or leaves floating, fails its job as what it throws inside does. */
function failWithUserCode(): void {
  const fail = (how: string) => (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    report(
      failed(
        new MlopsError(
          'MLOPS_USER_CODE_FAILED',
          `Registered code left ${how}: ${said.slice(0, 500)}.`,
          {},
          'Await every promise and handle its errors; give the fixed code a new version.'
        )
      )
    );
  };
  process.on('uncaughtException', fail('an error uncaught'));
  process.on('unhandledRejection', fail('a rejected promise unhandled'));
}

function failed(error: unknown): Failed {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const code = errorCodeOf(error);
  const detail = error instanceof MlopsError ? { where: error.where, fix: error.fix } : { where: {}, fix: '' };
  return {
    type: 'failed',
    message,
    what: message,
    ...detail,
    ...(stack === undefined ? {} : { stack: stack.slice(0, 4_000) }),
    ...(code === undefined ? {} : { code }),
  };
}

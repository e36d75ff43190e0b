/** A compute child's whole life: take one job, run it, answer. It ends with its parent, so an orphan writes nothing. */
import { errorCodeOf, MlopsError } from '../../domain/errors';
import type { Job } from '../../domain/job';
import { JOBS, type JobEntry } from './jobs';
import type { FromChild, ToChild } from './protocol';

const tell = (message: FromChild): void => {
  process.send?.(message);
};

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

process.once('message', (message: ToChild) => {
  void run(message).then(tell);
});

async function run({ job, input, folder }: ToChild): Promise<FromChild> {
  try {
    const entry = (JOBS as Readonly<Record<string, JobEntry>>)[job];
    if (entry === undefined) throw new Error(`no such job: ${job}`);
    const work = (require(entry.module) as Readonly<Record<string, Job<unknown, unknown>>>)[entry.name];
    if (work === undefined) throw new Error(`${entry.module} has no ${entry.name}`);
    const output = await work(input, {
      folder,
      progress: (progress) => tell({ type: 'progress', progress }),
      checkpoint: (file, step) => tell({ type: 'checkpoint', file, step }),
    });
    return { type: 'done', output };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): FromChild {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const code = errorCodeOf(error);
  const detail = error instanceof MlopsError ? { where: error.where, fix: error.fix } : { where: {}, fix: '' };
  return {
    type: 'failed',
    message,
    what: message,
    ...detail,
    ...(stack === undefined ? {} : { stack }),
    ...(code === undefined ? {} : { code }),
  };
}

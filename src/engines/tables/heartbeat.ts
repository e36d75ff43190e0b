import type { JobContext } from '../../domain/job';

const EVERY_MS = 200;

/**
 * Reports progress while DuckDB works in its own thread and says nothing.
 * @param total how often `work` is going to call `step`
 */
export async function withHeartbeat<T>(
  context: Pick<JobContext, 'progress'>,
  total: number,
  work: (step: (note: string) => void) => Promise<T>
): Promise<T> {
  let done = -1;
  let current = 'start';
  const report = () => context.progress({ done: Math.max(done, 0), total, note: current });
  const timer = setInterval(report, EVERY_MS);
  try {
    const result = await work((note) => {
      done += 1;
      current = note;
      report();
    });
    context.progress({ done: total, total, note: 'done' });
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Rows for a job: the columns that it reads, with a sign of life while they are loaded. */
import type { JobContext } from '../../domain/job';
import { type LoadedRows, type LoadRequest, loadColumns } from '../tables/load';

const SIGN_OF_LIFE_MS = 200;

/** @param columns names to load; those that the source lacks are left to the reader of the table to name */
export async function loadRows(
  { columns, ...request }: LoadRequest,
  names: readonly string[],
  { progress, folder }: Pick<JobContext, 'progress' | 'folder'>
): Promise<LoadedRows> {
  const wanted = Object.fromEntries(Object.entries(columns).filter(([name]) => names.includes(name)));
  // The database works beside this thread, so a timer runs on time.
  const timer = setInterval(() => progress({ done: 0, total: 1, note: 'loading rows' }), SIGN_OF_LIFE_MS);
  try {
    return await loadColumns({ ...request, columns: wanted }, folder);
  } finally {
    clearInterval(timer);
  }
}

/** Rows for a job: the columns that it reads, with a sign of life while they are loaded. */
import type { JobContext } from '../../domain/job';
import { type LoadedRows, type LoadedStretch, type LoadRequest, loadColumns, loadStretches } from '../tables/load';

const SIGN_OF_LIFE_MS = 200;

/** @param names columns to load; those that the source lacks are left to the reader of the table to name */
export function loadRows(
  request: LoadRequest,
  names: readonly string[],
  context: Pick<JobContext, 'progress' | 'folder'>
): Promise<LoadedRows> {
  return withSignOfLife(context, () => loadColumns(narrowed(request, names), context.folder));
}

/** As `loadRows`, a stretch of rows at a time. */
export function eachStretch(
  request: LoadRequest & { readonly eventTime: string },
  names: readonly string[],
  context: Pick<JobContext, 'progress' | 'folder'>,
  take: (stretch: LoadedStretch) => void
): Promise<void> {
  return withSignOfLife(context, () => loadStretches(narrowed(request, names), context.folder, take));
}

function narrowed<R extends LoadRequest>(request: R, names: readonly string[]): R {
  const columns = Object.fromEntries(Object.entries(request.columns).filter(([name]) => names.includes(name)));
  return { ...request, columns };
}

/** The database works beside this thread, so a timer runs on time. */
async function withSignOfLife<T>({ progress }: Pick<JobContext, 'progress'>, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => progress({ done: 0, total: 1, note: 'loading rows' }), SIGN_OF_LIFE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

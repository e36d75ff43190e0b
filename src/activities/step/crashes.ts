/**
 * A compute process that crashes is started again: most crashes are the machine's. Three alike in one activity, each seen
 * by a worker that lived on, are the job's own, and a person must look. The count is a record, so a worker that restarts
 * goes on with it; a worker that is killed takes its children along and counts nothing.
 */
import { activityInfo, cancellationSignal, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { errorCodeOf, MlopsError } from '../../domain/errors';
import { countCrash } from '../../stores/counters';
import type { ActivityDeps } from '../deps';
import { activityName } from '../../domain/ids';

const ALIKE = 3;
/** Whoever kills the machine, the container or the process group kills the worker within this, too. */
const LIVED_ON_MS = 1_000;
/** Sent to a whole process group when its terminal or service manager ends it. */
const ENDED_WITH_OTHERS = new Set<unknown>(['SIGINT', 'SIGTERM', 'SIGHUP']);

/** What the activity fails with: the error itself, or that it isn't tried again. */
export async function afterCrash(deps: ActivityDeps, error: unknown): Promise<unknown> {
  const code = errorCodeOf(error);
  if (!(error instanceof MlopsError) || (code !== 'MLOPS_COMPUTE_CRASHED' && code !== 'MLOPS_COMPUTE_SILENT'))
    return error;
  if (ENDED_WITH_OTHERS.has(error.where.how)) return error;
  await sleep(LIVED_ON_MS).catch(() => undefined);
  if (cancellationSignal().aborted) return error;
  const { workflowExecution, activityId } = activityInfo();
  const where = `${activityName(workflowExecution, activityId)}`;
  const crashes = await countCrash(await deps.stores(), `${where} ${error.where.job} ${error.where.how ?? code}`);
  if (crashes < ALIKE) return error;
  return ApplicationFailure.create({
    type: code,
    message: `${error.message} It ended like this ${crashes} times and is not tried again: fix the cause, then mlops retry.`,
    nonRetryable: true,
    details: [error.where],
    cause: error,
  });
}

/** What a workflow or Temporal's server refuses, under one of our codes and in words. */
import { isGrpcServiceError, ServiceError, WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { errorCodeOf, MlopsError } from '../domain/errors';

/** gRPC statuses. */
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
/** The status has other reasons too; this one is that a run has had 2,000 updates. */
const UPDATES_OF_A_RUN = /number of (?:total|distinct|total distinct) updates/i;

/** What a validator refused, or what failed in the workflow: in its own words, under its own code. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError))
    return serverRefusal(error);
  let failure: unknown = error.cause;
  while (failure instanceof TemporalFailure && !(failure instanceof ApplicationFailure)) failure = failure.cause;
  const code = errorCodeOf({ code: (failure as { type?: unknown } | undefined)?.type }) ?? 'MLOPS_UNEXPECTED';
  const words = failure instanceof Error ? failure.message : error.message;
  return new MlopsError(code, words.replace(`${code}: `, ''), {}, '', { cause: error });
}

/**
 * The server says no more than a status. Ten updates of a workflow at a time, and 2,000 of a run, are what it takes: those
 * that a validator refused aren't counted. An update that may start its workflow has the reason in its message alone.
 */
function serverRefusal(error: unknown): unknown {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause)) return error;
  const why = UPDATES_OF_A_RUN.test(cause.message) ? cause.message : cause.details;
  const tooMany =
    cause.code === RESOURCE_EXHAUSTED || (cause.code === FAILED_PRECONDITION && UPDATES_OF_A_RUN.test(why));
  if (!tooMany) return error;
  return new MlopsError(
    'MLOPS_TOO_MANY_MESSAGES',
    `Temporal takes no more of such messages for now: ${why.replace(/\.$/, '')}.`,
    {},
    'Wait until the phase that runs has ended, then send it again.',
    { cause: error }
  );
}

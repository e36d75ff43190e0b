/** What a workflow or Temporal's server refuses, under one of our codes and in words. */
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError, TemporalFailure, WorkflowNotFoundError } from '@temporalio/common';
import { type ErrorCode, errorCodeOf, MlopsError } from '../domain/errors';
import { startServer } from './server-advice';
import { isServerAway } from './server-away';

/** gRPC statuses: https://grpc.io/docs/guides/status-codes/ */
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

/** The status has other reasons too; this one is that a run has had 2,000 updates. */
const UPDATES_OF_A_RUN = /number of (?:total|distinct|total distinct) updates/i;
/** The server's limit on a payload, and gRPC's on a whole message, either way. */
const TOO_LARGE = /exceeds (?:size )?limit|message larger than max/i;
/** `serviceerror.WorkflowNotReady`: the task that would take the message has failed. */
const NOT_READY = /workflow task/i;
/** By an abort signal. A server cancels, too: when a deadline is over. */
const BY_CALLER = 'Cancelled on client';

/** A status that Temporal's server, or gRPC on its behalf, answered with. */
interface Status {
  readonly code: number;
  readonly why: string;
}

/**
 * The SDK keeps it within its own errors. Of an update that may start its workflow the message alone has the reason; elsewhere
 * the message is gRPC's, and ends with it.
 */
function statusOf(error: unknown): Status | undefined {
  const within =
    error instanceof ServiceError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ? error.cause : error;
  if (!isGrpcServiceError(within)) return undefined;
  const { code, details, message } = within;
  const why = details !== '' && message.endsWith(details) ? details : message;
  return { code, why: why.replace(/\.$/, '') };
}

/** Whether the workflow can't take messages at the moment, since its own task failed: where a worker went away, it can soon. */
export function isNotReady(error: unknown): boolean {
  const status = statusOf(error);
  return status?.code === FAILED_PRECONDITION && NOT_READY.test(status.why);
}

/**
 * What a validator refused, or what failed in the workflow: in its own words, under its own code. What Temporal refused: in
 * words that say what to do. Errors of the caller's own, such as an abort, are returned as they are.
 */
export function refusal(error: unknown): unknown {
  if (errorCodeOf(error) !== undefined) return error;
  if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) return failureOf(error);
  if (error instanceof NamespaceNotFoundError) {
    const fix = 'Set TEMPORAL_NAMESPACE to one that is there, or create it: temporal operator namespace create.';
    return inWords('MLOPS_SERVER_UNFIT', `Temporal has no namespace ${error.namespace}.`, fix, error);
  }
  if (error instanceof WorkflowNotFoundError) {
    const { workflowId } = error;
    return new MlopsError('MLOPS_NOT_FOUND', 'No such workflow runs.', { workflowId }, '', { cause: error });
  }
  const status = statusOf(error);
  if (status !== undefined) return ofStatus(status, error);
  if (!(error instanceof ServiceError)) return error;
  const { cause } = error;
  const what = `A call to Temporal failed: ${cause instanceof Error ? cause.message : error.message}.`;
  return inWords('MLOPS_UNEXPECTED', what, 'MLOPS_DEBUG=1 shows where.', error);
}

function failureOf(error: WorkflowUpdateFailedError | WorkflowFailedError): MlopsError {
  let failure: unknown = error.cause;
  while (failure instanceof TemporalFailure && !(failure instanceof ApplicationFailure)) failure = failure.cause;
  const code = errorCodeOf({ code: (failure as { type?: unknown } | undefined)?.type }) ?? 'MLOPS_UNEXPECTED';
  const words = failure instanceof Error ? failure.message : error.message;
  return new MlopsError(code, words.replace(`${code}: `, ''), {}, '', { cause: error });
}

const AGAIN = 'Then try again: a message with the same id counts once.';

function ofStatus({ code, why }: Status, error: unknown): unknown {
  if (code === CANCELLED && why === BY_CALLER) return error;
  if (TOO_LARGE.test(why)) {
    return inWords(
      'MLOPS_PAYLOAD_TOO_LARGE',
      `Temporal takes no message of this size: ${why}.`,
      'Make it smaller.',
      error
    );
  }
  // Ten updates of a workflow at a time, and 2,000 of a run, are what it takes: those that a validator refused aren't counted.
  if (code === RESOURCE_EXHAUSTED || (code === FAILED_PRECONDITION && UPDATES_OF_A_RUN.test(why))) {
    const fix = 'Wait until the phase that runs has ended, then send it again.';
    return inWords(
      'MLOPS_TOO_MANY_MESSAGES',
      `Temporal accepts no more messages of this kind for now: ${why}.`,
      fix,
      error
    );
  }
  if (code === FAILED_PRECONDITION && NOT_READY.test(why)) {
    const fix = `mlops doctor says why, and what to do. ${AGAIN}`;
    return inWords(
      'MLOPS_WORKFLOW_NOT_READY',
      `The workflow takes no messages, since its own task fails: ${why}.`,
      fix,
      error
    );
  }
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED) {
    const fix = 'Give TEMPORAL_API_KEY, or TEMPORAL_TLS_*, of somebody who may.';
    return inWords('MLOPS_CONFIGURATION', `Temporal refuses whom this process names: ${why}.`, fix, error);
  }
  if (code === UNIMPLEMENTED) {
    const fix = 'Use a newer server: mlops doctor says from which version on.';
    return inWords('MLOPS_SERVER_UNFIT', `Temporal's server has no such call: ${why}.`, fix, error);
  }
  if (code === INVALID_ARGUMENT) {
    return inWords('MLOPS_MESSAGE_INVALID', `Temporal refuses the message: ${why}.`, 'Change what it names.', error);
  }
  if (code === CANCELLED || isServerAway(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const fix = `${startServer('TEMPORAL_ADDRESS')} ${AGAIN}`;
    return inWords('MLOPS_STORE_UNAVAILABLE', `Temporal can't be reached, or is too slow: ${why}.`, fix, error);
  }
  return inWords('MLOPS_UNEXPECTED', `Temporal refused: ${why}.`, 'mlops doctor looks at the servers.', error);
}

function inWords(code: ErrorCode, what: string, fix: string, cause: unknown): MlopsError {
  return new MlopsError(code, what, {}, fix, { cause });
}

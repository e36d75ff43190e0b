/**
 * Turns what our activities throw into what Temporal should do with it: a code of the catalogue decides between
 * trying again and waiting for a person; a server that is away is tried again; anything else is our mistake or the
 * user's, and trying again would only repeat it.
 */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { retryAfterMs } from '../domain/backoff';
import { ERRORS, errorCodeOf, MlopsError } from '../domain/errors';
import { failedWith } from '../domain/heartbeats';
import { requirePayload } from '../runtime/payload';
import { isServerAway } from '../runtime/server-away';

export const ActivityFailures: ActivityInterceptorsFactory = (context) => ({
  inbound: context.info.activityType.startsWith('mlops') ? inboundOf(context) : {},
});

const inboundOf = (context: Context): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    try {
      const result = await next(input);
      requirePayload(
        'An activity answers more than a workflow should carry.',
        result,
        'Return refs and put the bytes into an artifact.'
      );
      return result;
    } catch (error) {
      const failed = failureOf(error, context.info.attempt);
      if (failed instanceof ApplicationFailure && failed.nonRetryable !== true)
        context.heartbeat(failedWith(failed.message));
      throw failed;
    }
  },
});

function failureOf(error: unknown, attempt: number): Error {
  if (error instanceof TemporalFailure) return error;
  const code = errorCodeOf(error);
  if (code !== undefined) {
    const where = error instanceof MlopsError ? error.where : {};
    const retried = ERRORS[code] === 'retry' ? attempt : undefined;
    return failure(code, (error as Error).message, retried, [where], error);
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isServerAway(error)) return failure('MLOPS_STORE_UNAVAILABLE', message, attempt, [], error);
  return failure('MLOPS_UNEXPECTED', message, undefined, [], error);
}

/** @param retried the attempt that is followed by another; undefined where trying again would only repeat it */
function failure(
  type: string,
  message: string,
  retried: number | undefined,
  details: unknown[],
  cause: unknown
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: retried === undefined,
    ...(retried === undefined ? {} : { nextRetryDelay: retryAfterMs(retried) }),
    details,
    ...(cause instanceof Error ? { cause } : {}),
  });
}

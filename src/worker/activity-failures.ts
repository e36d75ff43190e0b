/**
 * Turns what our activities throw into what Temporal should do with it: a code of the catalogue decides between
 * trying again and waiting for a person; a server that is away is tried again; anything else is our mistake or the
 * user's, and trying again would only repeat it.
 */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
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
      const failed = failureOf(error);
      if (failed instanceof ApplicationFailure && failed.nonRetryable !== true)
        context.heartbeat(failedWith(failed.message));
      throw failed;
    }
  },
});

function failureOf(error: unknown): Error {
  if (error instanceof TemporalFailure) return error;
  const code = errorCodeOf(error);
  if (code !== undefined) {
    const where = error instanceof MlopsError ? error.where : {};
    return failure(code, (error as Error).message, ERRORS[code] !== 'retry', [where], error);
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isServerAway(error)) return failure('MLOPS_STORE_UNAVAILABLE', message, false, [], error);
  return failure('MLOPS_UNEXPECTED', message, true, [], error);
}

function failure(
  type: string,
  message: string,
  nonRetryable: boolean,
  details: unknown[],
  cause: unknown
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable,
    details,
    ...(cause instanceof Error ? { cause } : {}),
  });
}

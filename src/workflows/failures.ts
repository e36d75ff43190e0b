import { ActivityFailure, ApplicationFailure, rootCause, TimeoutFailure } from '@temporalio/workflow';
import { type ErrorCode, MlopsError } from '../domain/errors';
import { failedBefore } from '../domain/heartbeats';

/** Whether an activity failed for good with this code of the catalogue. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === code;
}

/** What happened, where and what to do, as our error says it; what caused that in turn says only a part. */
export function reasonOf(error: unknown): string {
  const chain = [...chainOf(error)];
  const own = chain.find((failure) => failure instanceof ApplicationFailure);
  if (own !== undefined) return own.message;
  const late = chain.find((failure) => failure instanceof TimeoutFailure);
  if (late !== undefined) return timedOut(chain, late);
  return rootCause(error) ?? String(error);
}

function* chainOf(error: unknown): Generator<Error> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
}

/** Temporal's own words are about its timers. */
function timedOut(chain: readonly Error[], { timeoutType, lastHeartbeatDetails }: TimeoutFailure): string {
  const activity = chain.find((failure) => failure instanceof ActivityFailure);
  const where = { activity: activity?.activityType, timeout: timeoutType };
  const { lastFailure } = failedBefore(lastHeartbeatDetails);
  const before = lastFailure === undefined ? '' : ` The attempt before failed: ${lastFailure}`;
  const what = `The time for it is over, and its last attempt was cut off before it could say why.${before}`;
  return new MlopsError('MLOPS_TIMED_OUT', what, where, 'Look at the worker’s log, then retry.').message;
}

import { ActivityFailure, ApplicationFailure, rootCause } from '@temporalio/workflow';
import type { ErrorCode } from '../domain/errors';

/** Whether an activity failed for good with this code of the catalogue. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === code;
}

/** What happened, where and what to do, as our error says it; what caused that in turn tells only a part. */
export function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ApplicationFailure) return at.message;
  return rootCause(error) ?? String(error);
}

import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../domain/errors';

/** Whether an activity failed for good with this code of the catalogue. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === code;
}

/**
 * How long after a failed attempt of an activity the next one begins. An attempt that says how it failed names this time
 * itself: what answers with failures is asked ever more rarely. One that was lost with its worker was silent for seconds
 * already, so the next one begins soon, however many were lost before it. Pure.
 */
const LONGEST_MS = 10_000;

export const FIRST_RETRY_MS = 250;
export const LONGEST_AFTER_SILENCE_MS = 500;

/** @param attempt the one that failed, from 1 */
export function retryAfterMs(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
}

/**
 * What an activity's heartbeats carry beside its progress: why the attempt before failed. Where the time is over while an
 * attempt is in progress, Temporal reports a time-out with the last heartbeat, and no failure. Pure.
 */

const LONGEST = 2_000;

export interface FailedBefore {
  readonly lastFailure?: string;
}

/** For the heartbeat of an attempt that fails and is tried again. */
export function failedWith(message: string): FailedBefore {
  return { lastFailure: message.slice(0, LONGEST) };
}

/** @param details of any heartbeat: the one that an attempt found, or that a time-out reports */
export function failedBefore(details: unknown): FailedBefore {
  const { lastFailure } = (details ?? {}) as { readonly lastFailure?: unknown };
  return typeof lastFailure === 'string' ? { lastFailure } : {};
}

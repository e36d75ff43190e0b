import { Context, cancellationSignal } from '@temporalio/activity';
import { failedBefore } from '../../domain/heartbeats';

const BEAT_MS = 500;

/** Attempts whose heartbeats have details of their own. */
const detailed = new WeakSet<Context>();

/** A heartbeat with what the Temporal UI shows under Pending Activities, and why the attempt before failed. */
export function beat(details: object): void {
  const context = Context.current();
  detailed.add(context);
  context.heartbeat({ ...failedBefore(context.info.heartbeatDetails), ...details });
}

/** Heartbeats while work goes on beside this thread, so that a cancellation reaches it and a dead worker is noticed. */
export async function withHeartbeat<T>(
  note: string | (() => string),
  work: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const report = (): void => beat({ note: typeof note === 'string' ? note : note() });
  report();
  const timer = setInterval(report, BEAT_MS);
  try {
    return await work(cancellationSignal());
  } catch (error) {
    // Temporal wants its own word for a cancellation, not the signal's.
    if (cancellationSignal().aborted) throw await Context.current().cancelled.catch((failure: unknown) => failure);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * These activities, each with heartbeats of its own from the first moment to the last: an attempt whose worker was
 * killed is taken up within the heartbeat time-out, however short it was, and not after the minute that it may take.
 */
export function alive<A extends object>(activities: A): A {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      const context = Context.current();
      const timer = setInterval(
        () => detailed.has(context) || context.heartbeat(failedBefore(context.info.heartbeatDetails)),
        BEAT_MS
      );
      try {
        return await (activity as (...args: unknown[]) => Promise<unknown>)(...args);
      } finally {
        clearInterval(timer);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as A;
}

import { Context, cancellationSignal, heartbeat } from '@temporalio/activity';

/** Heartbeats while work goes on beside this thread, so that a cancellation reaches it and a dead worker is noticed. */
export async function beating<T>(note: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  heartbeat({ note });
  const timer = setInterval(() => heartbeat({ note }), 500);
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

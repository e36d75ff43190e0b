/** The client's one way to Temporal: what passes by itself is tried again for a while, anything else is thrown in words. */
import { isNotReady, refusal } from '../runtime/refusal';

/** A workflow whose task failed is back within these, if what failed was a worker that went away. */
const WAITS_MS = [200, 400, 800, 1_600];

/**
 * The SDK itself tries ten times what a busy or restarted server answers. Each call of `ask` must be the same message: of
 * one update id, or a question.
 * @throws MlopsError whatever Temporal answered
 */
export async function call<T>(ask: () => Promise<T>): Promise<T> {
  for (const wait of [...WAITS_MS, undefined]) {
    try {
      return await ask();
    } catch (error) {
      if (wait === undefined || !isNotReady(error)) throw refusal(error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  throw new Error('unreachable');
}

/** For what may not be sent twice. */
export async function callOnce<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch((error: unknown) => {
    throw refusal(error);
  });
}

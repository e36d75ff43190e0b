/** A replica's way to workflows: it must start, and go on, while Temporal is down. */
import { MlopsClient } from '../client';
import type { SendSignal } from '../replica/watermark';
import type { Environment } from '../runtime/environment';

/** Connects with the first signal, and again after a failure to. */
export function lazySignals(env: Environment): { readonly send: SendSignal; close(): Promise<void> } {
  let connecting: Promise<MlopsClient> | undefined;
  const connected = (): Promise<MlopsClient> => {
    connecting ??= MlopsClient.connect({}, env).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    async send(workflowId, name, payload, withinMs) {
      const client = await connected();
      await client.temporal.withDeadline(Date.now() + withinMs, () => client.signal(workflowId, name, payload));
    },
    async close() {
      await connecting?.then(
        (client) => client.close(),
        () => undefined
      );
    },
  };
}

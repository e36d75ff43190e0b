/** A replica's way to workflows: it must start, and go on, while Temporal is down. */
import { MlopsClient } from '../client';
import { lazyTemporal } from '../client/connect';
import type { SendSignal } from '../replica/watermark';
import type { Environment } from '../runtime/environment';

/** Connects with the first signal, and again whenever the connection is lost. */
export function lazySignals(env: Environment): { readonly send: SendSignal; close(): Promise<void> } {
  let opened: ReturnType<typeof lazyTemporal> | undefined;
  let sending = 0;
  return {
    async send(workflowId, name, payload, withinMs) {
      opened ??= lazyTemporal(env);
      const { client: temporal, connection } = opened;
      sending += 1;
      try {
        const client = await MlopsClient.connect({ client: temporal }, env);
        await temporal.withDeadline(Date.now() + withinMs, () => client.signal(workflowId, name, payload));
      } finally {
        sending -= 1;
        // The SDK's deadline is an AsyncLocalStorage, which makes every promise of the process dearer, those of requests too.
        if (sending === 0) connection.callContextStorage.disable();
      }
    },
    async close() {
      await opened?.connection.close();
    },
  };
}

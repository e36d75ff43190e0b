/** Whether a worker polls a task queue, by the server's word. */
import type { Client } from '@temporalio/client';
import { MlopsError } from '../domain/errors';

/** Pollers of a queue's workflow tasks and of its activity tasks. */
export interface Pollers {
  readonly workflows: number;
  readonly activities: number;
}

/** A gRPC status. */
const UNIMPLEMENTED = 12;

export async function pollersOf(client: Client, queue: string): Promise<Pollers> {
  const ask = async (taskQueueType: 1 | 2): Promise<number> => {
    const request = { namespace: client.options.namespace, taskQueue: { name: queue }, taskQueueType };
    return (await client.workflowService.describeTaskQueue(request)).pollers?.length ?? 0;
  };
  const [workflows, activities] = await Promise.all([ask(1), ask(2)]);
  return { workflows, activities };
}

/** @throws MlopsError MLOPS_NO_WORKER where none polls within this time. A server that can't say is trusted. */
export async function requirePollers(client: Client, queue: string, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    const pollers = await pollersOf(client, queue).catch((error: { readonly code?: unknown }) => {
      if (error.code === UNIMPLEMENTED) return undefined;
      throw error;
    });
    if (pollers === undefined || pollers.workflows > 0) return;
    if (Date.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new MlopsError('MLOPS_NO_WORKER', `no worker polls ${queue}`, { queue }, 'Start one: mlops worker.');
}

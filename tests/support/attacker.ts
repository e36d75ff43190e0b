/** A worker of somebody's who may write to the namespace: his own workflows and activities, on a queue of his own. */
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { temporalConfig } from '../../src/runtime/temporal-config';
import type { TestSystem } from './system';

export interface Attacker {
  readonly taskQueue: string;
  stop(): Promise<void>;
}

export async function startAttacker(system: Pick<TestSystem, 'env' | 'taskQueue'>): Promise<Attacker> {
  const { connectionOptions, namespace = 'default' } = temporalConfig(system.env);
  const connection = await NativeConnection.connect(connectionOptions);
  const taskQueue = `${system.taskQueue}-attacker`;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('../system/attacking-workflows'),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: {
      // Under our names, whatever he likes.
      mlopsObserve: async ({ answer }: { readonly answer: unknown }) => answer,
      mlopsIngest: async ({ answer }: { readonly answer: unknown }) => answer,
    },
  });
  const running = worker.run();
  return {
    taskQueue,
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

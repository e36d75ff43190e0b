/** A worker for `starter` alone, in this process: the rollouts that it starts run on another worker. */
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { temporalConfig } from '../../src/runtime/temporal-config';

export async function runStarters(taskQueue: string): Promise<{ stop(): Promise<void> }> {
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const connection = await NativeConnection.connect(connectionOptions);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('./endpoint-workflows'),
      logger: new DefaultLogger('ERROR'),
    }),
  });
  const running = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

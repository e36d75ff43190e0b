/** The workflows as they are built, on a worker whose activities are the test's own: to fail, and to hold back. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { MlopsClient } from '../../src/client';
import { builtFile } from '../../src/runtime/package-root';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { quiet } from './quiet';

export interface WorkflowsAlone {
  readonly client: MlopsClient;
  readonly close: () => Promise<void>;
}

export async function startWorkflowsAlone(
  taskQueue: string,
  activities: NonNullable<WorkerOptions['activities']>
): Promise<WorkflowsAlone> {
  quiet();
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const connection = await Connection.connect(connectionOptions);
  const native = await NativeConnection.connect(connectionOptions);
  const client = await MlopsClient.connect({ client: new Client({ connection, namespace }), taskQueue });
  const workflowBundle = { codePath: builtFile('build', 'workflow-bundle.js') };
  const worker = await Worker.create({ connection: native, namespace, taskQueue, workflowBundle, activities });
  const running = worker.run();
  return {
    client,
    close: async () => {
      worker.shutdown();
      await running;
      await Promise.all([connection.close(), native.close()]);
    },
  };
}

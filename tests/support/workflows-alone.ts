/** The workflows as they are built, on a worker whose activities are the test's own: to fail, and to hold back. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { MlopsClient } from '../../src/client';
import { COMPUTE_SUFFIX } from '../../src/domain/queues';
import { builtFile } from '../../src/runtime/package-root';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { quiet } from './quiet';

export interface WorkflowsAlone {
  readonly client: MlopsClient;
  readonly close: () => Promise<void>;
}

export async function startWorkflowsAlone(
  taskQueue: string,
  activities: NonNullable<WorkerOptions['activities']>,
  /** Those that workflows ask of the compute queue. */
  computing?: NonNullable<WorkerOptions['activities']>
): Promise<WorkflowsAlone> {
  quiet();
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const connection = await Connection.connect(connectionOptions);
  const native = await NativeConnection.connect(connectionOptions);
  const client = await MlopsClient.connect({ client: new Client({ connection, namespace }), taskQueue });
  const workflowBundle = { codePath: builtFile('build', 'workflow-bundle.js') };
  const of = { connection: native, namespace };
  const workers = [
    await Worker.create({ ...of, taskQueue, workflowBundle, activities }),
    ...(computing === undefined
      ? []
      : [await Worker.create({ ...of, taskQueue: `${taskQueue}${COMPUTE_SUFFIX}`, activities: computing })]),
  ];
  const running = workers.map((worker) => worker.run());
  return {
    client,
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await Promise.all([connection.close(), native.close()]);
    },
  };
}

import { NativeConnection, Worker } from '@temporalio/worker';
import { MlopsPlugin } from 'temporal-mlops';
import * as activities from './activities';

async function main(): Promise<void> {
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
  const worker = await Worker.create({
    connection,
    taskQueue: process.env.MLOPS_TASK_QUEUE ?? 'own',
    workflowsPath: require.resolve('./workflows'),
    activities,
    plugins: [new MlopsPlugin()],
  });
  await worker.run();
  await connection.close();
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

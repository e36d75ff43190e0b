/** The worker under test, a process of its own: a worker as a user's, with the product's plugin and the one activity. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { readEnvironment } from '../../src/runtime/environment';
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { defaultLimits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { MlopsPlugin } from '../../src/worker/plugin';
import { installRuntime } from '../../src/worker/run-worker';
import { stepActivities } from './step-activity';

/** What the parent hands over; servers and names of stores come by the environment. */
export interface WorkerSetup {
  readonly taskQueue: string;
  readonly bundle: string;
  readonly events: string;
  readonly workFolder: string;
  readonly hang?: string;
}

async function main(setup: WorkerSetup): Promise<void> {
  installRuntime('ERROR');
  const env = readEnvironment();
  const config = temporalConfig(env);
  const stores = await connectStores(storeConfig(env));
  const deps = {
    stores: async () => stores,
    runJob: () => Promise.reject(new Error('this benchmark runs no job')),
    registered: nothingRegistered,
    limits: defaultLimits(),
    retention: DEFAULT_RETENTION,
    searchAttributes: false,
    connections: {},
    ownServers: () => [],
    dataFolder: setup.workFolder,
    workFolder: setup.workFolder,
  };
  const worker = await Worker.create({
    connection: await NativeConnection.connect(config.connectionOptions),
    namespace: config.namespace ?? 'default',
    taskQueue: setup.taskQueue,
    workflowBundle: { codePath: setup.bundle },
    activities: stepActivities(deps, setup.events, setup.hang),
    plugins: [new MlopsPlugin({ stores: storeConfig(env), compute: 'elsewhere', searchAttributes: false })],
  });
  const watch = setInterval(() => {
    if (worker.getState() !== 'RUNNING') return;
    clearInterval(watch);
    process.send?.('ready');
  }, 20);
  await worker.run().finally(() => clearInterval(watch));
  await stores.close();
}

// A benchmark that was killed leaves no worker behind.
process.once('disconnect', () => process.exit(1));

main(JSON.parse(process.argv[2] ?? '{}') as WorkerSetup).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
);

/** One database, bucket and task queue for each test file on the real servers; nothing of it is left. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { Client as MinioClient } from 'minio';
import { MlopsClient } from '../../src/client';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { builtFile } from '../../src/runtime/package-root';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { MlopsPlugin, type MlopsPluginOptions } from '../../src/worker/plugin';
import { quiet } from './quiet';
import { raw } from './raw-records';

export interface TestSystem {
  readonly env: Environment;
  readonly name: string;
  readonly taskQueue: string;
  readonly folder: string;
  readonly stores: Stores;
  readonly client: MlopsClient;
  /** A worker in this process; ended by `close`, or by itself. */
  startWorker(options?: Partial<MlopsPluginOptions>): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
}

/** Another Temporal than the stack's: its owner closes it. */
export interface OtherTemporal {
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
  /** Of clients and workers, instead of pid@host. */
  readonly identity?: string;
}

let workflowCache: { maxCachedWorkflows?: number } = {};

/** From now on workers of this test file replay a workflow from its beginning at each of its tasks. */
export function withoutWorkflowCache(): void {
  workflowCache = { maxCachedWorkflows: 0 };
}

export async function openSystem(
  label: string,
  servers: Environment | ((name: string) => Promise<Environment>) = readEnvironment(),
  other?: OtherTemporal
): Promise<TestSystem> {
  const name = `mlops-test-${label}-${randomUUID().slice(0, 8)}`;
  const of = typeof servers === 'function' ? await servers(name) : servers;
  const env = { ...of, MLOPS_DATABASE: name, S3_BUCKET: name, MLOPS_TASK_QUEUE: name };
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const stores = await connectStores(storeConfig(env));
  const client = await MlopsClient.connect({ taskQueue: name, ...(other && { client: other.client }) }, env);
  const workers: { stop(): Promise<void> }[] = [];
  return {
    env,
    name,
    taskQueue: name,
    folder,
    stores,
    client,
    async startWorker(options = {}) {
      // Only here: a runtime that no connection ever used keeps the process from ending.
      quiet();
      const config = temporalConfig(env);
      const connection = other?.nativeConnection ?? (await NativeConnection.connect(config.connectionOptions));
      const worker = await Worker.create({
        connection,
        namespace: config.namespace ?? 'default',
        taskQueue: name,
        ...(other?.identity === undefined ? {} : { identity: other.identity }),
        workflowBundle: { codePath: builtFile('build', 'workflow-bundle.js') },
        ...workflowCache,
        plugins: [
          new MlopsPlugin({
            stores: storeConfig(env),
            dataFolder: folder,
            workFolder: join(folder, 'work'),
            ...options,
          }),
        ],
      });
      const running = worker.run();
      let stopped: Promise<void> | undefined;
      const started = {
        stop: () =>
          (stopped ??= (async () => {
            if (worker.getState() === 'RUNNING') worker.shutdown();
            await running;
            if (other === undefined) await connection.close();
          })()),
      };
      workers.push(started);
      // A client gives a queue that nobody polls up after seconds; not every other Temporal can tell.
      if (other === undefined) await client.requireWorker(240_000);
      return started;
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await client.close();
      await raw(stores).db.dropDatabase();
      await removeBucket(env);
      await stores.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function removeBucket(env: Environment): Promise<void> {
  const { s3 } = storeConfig(env);
  const url = new URL(s3.endpoint);
  const minio = new MinioClient({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: false,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: s3.region,
  });
  const names: string[] = [];
  for await (const object of minio.listObjectsV2(s3.bucket, '', true)) names.push((object as { name: string }).name);
  await minio.removeObjects(s3.bucket, names);
  await minio.removeBucket(s3.bucket);
}

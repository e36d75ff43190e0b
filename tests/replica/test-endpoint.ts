/** An endpoint on the real MongoDB and MinIO, in a database and bucket of its own, and its replicas. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as MinioClient } from 'minio';
import { request } from 'undici';
import type { EndpointDocument, ReplicaDocument } from '../../src/domain/endpoint';
import type { WatermarkMessage } from '../../src/domain/messages';
import { type Replica, type ReplicaOptions, runReplica } from '../../src/replica/run-replica';
import { readEnvironment } from '../../src/runtime/environment';
import { type StoreConfig, storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import type { TestVersion } from '../serve/flights-model';
import { raw } from '../support/raw-records';

export interface Told extends WatermarkMessage {
  readonly workflowId: string;
}

export interface TestReplica extends Replica {
  readonly folder: string;
  /** What it signalled. */
  readonly told: Told[];
  readonly warnings: string[];
  get(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  infer(payload: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  truth(payload: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

export interface TestEndpoint {
  readonly name: string;
  readonly config: StoreConfig;
  readonly stores: Stores;
  /** Puts the version's model into the artifact store. */
  putModel(version: TestVersion): Promise<void>;
  /** Writes the endpoint's document. */
  publish(document: Partial<EndpointDocument> & Pick<EndpointDocument, 'revision'>): Promise<void>;
  start(options?: Partial<ReplicaOptions>): Promise<TestReplica>;
  report(replica: string): Promise<ReplicaDocument | null>;
  newFolder(): Promise<string>;
  close(): Promise<void>;
}

export const WATCH: EndpointDocument['watch'] = {
  period: { every: '7 days' },
  allowedLatenessMs: 3_600_000,
  truthCoverage: 0.95,
  truthDelayMs: 14 * 86_400_000,
  knownBy: '2001-02-01T00:00:00.000Z',
  withoutEventTime: 'now',
};
export const ROLLOUT: EndpointDocument['rollout'] = {
  id: 'mlops/flights/1/deploy',
  epoch: 1,
  step: 1,
  stepName: 'full',
  state: 'finished',
};
export const FAST = { reconcileMs: 20, shipMs: 10, reportMs: 50, drainMs: 60_000 };

export async function openTestEndpoint(): Promise<TestEndpoint> {
  const name = `test-${randomUUID().slice(0, 8)}`;
  const server = storeConfig(readEnvironment());
  const config: StoreConfig = {
    ...server,
    database: `mlops_test_${name.slice(5)}`,
    s3: { ...server.s3, bucket: `mlops-${name}` },
  };
  const stores = await connectStores(config);
  const folders: string[] = [];
  const replicas: Replica[] = [];
  const newFolder = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-endpoint-'));
    folders.push(folder);
    return folder;
  };
  return {
    name,
    config,
    stores,
    newFolder,
    putModel: async ({ version, bytes }) => {
      const path = join(await newFolder(), `${version.number}.onnx`);
      await writeFile(path, bytes);
      await stores.artifacts.put({ name: 'model', path, mediaType: 'application/onnx' });
    },
    publish: async (document) => {
      const whole = { _id: name, v: 1 as const, project: name, rollout: ROLLOUT, watch: WATCH, ...document };
      await raw(stores).endpoints.replaceOne({ _id: name }, whole, { upsert: true });
    },
    start: async (options = {}) => {
      const folder = options.folder ?? (await newFolder());
      const told: Told[] = [];
      const warnings: string[] = [];
      const replica = await runReplica({
        endpoint: name,
        replica: 'r1',
        stores: config,
        release: '0.0.0',
        timing: FAST,
        signal: async (workflowId, _name, message) => {
          told.push({ workflowId, ...message });
        },
        log: {
          info: () => {},
          warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
          error: () => {},
        },
        ...options,
        folder,
      });
      replicas.push(replica);
      const post = (path: string) => (payload: unknown) => ask(`${replica.address}/v2/models/${name}/${path}`, payload);
      const get = (path: string) => ask(`${replica.address}${path}`);
      return { ...replica, folder, told, warnings, get, infer: post('infer'), truth: post('truth') };
    },
    report: (replica) => raw(stores).replicas.findOne({ _id: `${name}/${replica}` }),
    close: async () => {
      for (const replica of replicas) await replica.close();
      await raw(stores).db.dropDatabase();
      await removeBucket(config.s3);
      await stores.close();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function ask(url: string, payload?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const { statusCode, body } = await request(
    url,
    payload === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(payload), headers: { 'content-type': 'application/json' } }
  );
  return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
}

/** Looks again until it is so. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | false,
  limitMs = 240_000
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function removeBucket({ endpoint, accessKey, secretKey, region, bucket }: StoreConfig['s3']): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const minio = new MinioClient({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region,
  });
  const names: string[] = [];
  for await (const object of minio.listObjectsV2(bucket, '', true)) names.push((object as { name: string }).name);
  await minio.removeObjects(bucket, names);
  await minio.removeBucket(bucket);
}

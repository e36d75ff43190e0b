/** A database and bucket of a test's own, without Temporal; and a hand on the bucket, to break it on purpose. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as MinioClient } from 'minio';
import type { ActivityDeps } from '../../src/activities/deps';
import type { Digest } from '../../src/domain/refs';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { DEFAULT_RETENTION } from '../../src/domain/housekeeping';
import { defaultLimits } from '../../src/activities/limits';
import { nothingRegistered } from '../../src/activities/registered/user-code';
import { objectKey } from '../../src/stores/artifacts';
import { storeConfig } from '../../src/stores/config';
import { connectStores, type Stores } from '../../src/stores/connect';
import { raw } from './raw-records';

export interface OwnStores {
  /** For processes of this test. */
  readonly env: Environment;
  readonly stores: Stores;
  readonly folder: string;
  /** For activities that run no job. */
  readonly deps: ActivityDeps;
  removeObject(digest: Digest): Promise<void>;
  replaceObject(digest: Digest, text: string): Promise<void>;
  close(): Promise<void>;
}

export async function openOwnStores(label: string): Promise<OwnStores> {
  const name = `mlops-test-${label}-${randomUUID().slice(0, 8)}`;
  const env = { ...readEnvironment(), MLOPS_DATABASE: name, S3_BUCKET: name };
  const config = storeConfig(env);
  const stores = await connectStores(config);
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const { hostname, port } = new URL(config.s3.endpoint);
  const { accessKey, secretKey, region } = config.s3;
  const bucket = new MinioClient({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region,
  });
  return {
    env,
    stores,
    folder,
    deps: {
      stores: async () => stores,
      runJob: () => Promise.reject(new Error('no job is run here')),
      registered: nothingRegistered,
      limits: defaultLimits(),
      retention: DEFAULT_RETENTION,
      searchAttributes: true,
      connections: {},
      ownServers: () => [],
      dataFolder: folder,
      workFolder: join(folder, 'work'),
    },
    removeObject: (digest) => bucket.removeObject(name, objectKey(digest)),
    async replaceObject(digest, text) {
      await bucket.putObject(name, objectKey(digest), text);
    },
    async close() {
      await raw(stores).db.dropDatabase();
      const names: string[] = [];
      for await (const object of bucket.listObjectsV2(name, '', true)) names.push((object as { name: string }).name);
      await bucket.removeObjects(name, names);
      await bucket.removeBucket(name);
      await stores.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

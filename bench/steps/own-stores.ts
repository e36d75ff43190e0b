/** The database and the bucket of one run of a benchmark. */
import { Client as MinioClient } from 'minio';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { raw } from '../../tests/support/raw-records';

/** What the names of a run's stores begin with: others are never dropped. */
export const RUN_NAME = 'mlops-bench-';

/** Of this process, which bench/own-run.ts started, or of one that it started. */
export function ownEnvironment(): Environment {
  return ofRun(readEnvironment());
}

function ofRun(env: Environment): Environment {
  for (const name of [env.MLOPS_DATABASE, env.S3_BUCKET])
    if (name?.startsWith(RUN_NAME) !== true)
      throw new Error(`${name} is not a database or bucket of a benchmark's run`);
  return env;
}

/** Nothing is left of them. Before each part of a run, too: what is there already would not be put again. */
export async function dropOwnStores(env: Environment = ownEnvironment()): Promise<void> {
  const config = storeConfig(ofRun(env));
  const stores = await connectStores(config);
  await raw(stores).db.dropDatabase();
  await stores.close();
  const { endpoint, accessKey, secretKey, region, bucket } = config.s3;
  const url = new URL(endpoint);
  const useSSL = url.protocol === 'https:';
  const port = Number(url.port) || (useSSL ? 443 : 80);
  const s3 = new MinioClient({ endPoint: url.hostname, port, useSSL, accessKey, secretKey, region });
  const names: string[] = [];
  for await (const object of s3.listObjectsV2(bucket, '', true)) names.push((object as { name: string }).name);
  await s3.removeObjects(bucket, names);
  await s3.removeBucket(bucket);
}

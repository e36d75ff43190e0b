/** The benchmark's own database and bucket. */
import { Client as MinioClient } from 'minio';
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { raw } from '../../tests/support/raw-records';

const NAME = 'mlops-bench';

export function ownEnvironment(): Environment {
  return { ...readEnvironment(), MLOPS_DATABASE: NAME, S3_BUCKET: NAME };
}

/** Nothing is left of them; before a run, too, for one that was killed. */
export async function dropOwnStores(): Promise<void> {
  const config = storeConfig(ownEnvironment());
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

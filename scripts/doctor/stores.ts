/** MongoDB and the object store: can they do what a step's commit needs? */
import { MlopsError } from '../../src/domain/errors';
import type { RecordStores } from '../../src/records/stores';
import { checkReplicaSet } from '../../src/stores/connect';
import { type Finding, ok } from './finding';

export async function examineMongo(stores: RecordStores): Promise<Finding> {
  await stores.connect();
  const { version, setName } = await checkReplicaSet(stores.db);
  return ok('mongodb', `version ${version}, replica set ${setName}, database ${stores.db.databaseName}`);
}

/** The bucket, and whether a second put of the same name is refused. Makes the bucket where it is missing, as a worker does. */
export async function examineObjectStore({ artifacts }: RecordStores): Promise<Finding> {
  await artifacts.prepare().catch((error: unknown) => {
    if (error instanceof MlopsError) throw error;
    const { code, message } = error as { code?: unknown; message?: unknown };
    throw new Error([code, message].filter((part) => typeof part === 'string' && part !== '').join(': '));
  });
  return ok('object store', 'bucket and conditional puts');
}

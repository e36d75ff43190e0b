/** MongoDB and the object store: can they do what a step's commit needs? */
import { MlopsError } from '../../domain/errors';
import type { RecordStores } from '../../records/stores';
import { aboutMongo } from '../../stores/server';
import { type Finding, ok, warning } from './finding';

export async function examineMongo(stores: RecordStores): Promise<Finding> {
  await stores.connect();
  const { version, setName, database, transactionSeconds } = await aboutMongo(stores);
  return mongoFinding(`version ${version}, replica set ${setName}, database ${database}`, transactionSeconds);
}

/** @param seconds transactionLifetimeLimitSeconds; undefined where the server doesn't say */
export function mongoFinding(what: string, seconds: number | undefined): Finding {
  if (seconds === undefined || seconds <= LONGEST_TRANSACTION_SECONDS) return ok('mongodb', what);
  return warning(
    'mongodb',
    `${what}; a transaction of a worker that was killed holds its documents for ${seconds} s and more`,
    `Let it go sooner: db.adminCommand({ setParameter: 1, transactionLifetimeLimitSeconds: 5 }), and in mongod's configuration.`
  );
}

/** Ours take milliseconds. */
const LONGEST_TRANSACTION_SECONDS = 15;

/** The bucket, and whether a second put of the same name is refused. Makes the bucket where it is missing, as a worker does. */
export async function examineObjectStore({ artifacts }: RecordStores): Promise<Finding> {
  await artifacts.bucket.prepare().catch((error: unknown) => {
    if (error instanceof MlopsError) throw error;
    const { code, message } = error as { code?: unknown; message?: unknown };
    throw new Error([code, message].filter((part) => typeof part === 'string' && part !== '').join(': '));
  });
  return ok('object store', 'bucket and conditional puts');
}

/** What MongoDB's server is, and whether it can do what a step's commit needs. */
import { MlopsError } from '../domain/errors';
import { MONGO, type Store } from './mongo';

export async function checkReplicaSet(store: Store): Promise<{ readonly version: string; readonly setName: string }> {
  const { db } = store[MONGO];
  const hello = await db.admin().command({ hello: 1 });
  if (typeof hello.setName !== 'string') {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      'MongoDB runs alone, and a commit of several records needs a replica set.',
      { server: String(hello.me ?? 'MONGODB_URI') },
      'Start it with --replSet and initiate the set (one member is enough).'
    );
  }
  const build = await db.admin().command({ buildInfo: 1 });
  const major = Number(String(build.version).split('.')[0]);
  if (!(major >= 6)) {
    throw new MlopsError(
      'MLOPS_SERVER_UNFIT',
      'MongoDB is too old.',
      { version: String(build.version) },
      'Use 6.0 or newer.'
    );
  }
  return { version: String(build.version), setName: hello.setName };
}

export interface AboutMongo {
  readonly version: string;
  readonly setName: string;
  readonly database: string;
  /** transactionLifetimeLimitSeconds; undefined where the account may not ask, which it needs not. */
  readonly transactionSeconds: number | undefined;
}

/** @throws MlopsError MLOPS_SERVER_UNFIT */
export async function aboutMongo(store: Store): Promise<AboutMongo> {
  const { db } = store[MONGO];
  const { version, setName } = await checkReplicaSet(store);
  const name = 'transactionLifetimeLimitSeconds';
  const answer = await db
    .admin()
    .command({ getParameter: 1, [name]: 1 })
    .catch(() => undefined);
  const seconds: unknown = answer?.[name];
  return {
    version,
    setName,
    database: db.databaseName,
    transactionSeconds: typeof seconds === 'number' ? seconds : undefined,
  };
}

import { MlopsError } from '../domain/errors';
import { type Environment, readEnvironment } from '../environment';

export interface StoreConfig {
  readonly mongodbUri: string;
  /** Default: the one that the URI names, else `mlops`. */
  readonly database?: string;
  readonly s3: {
    readonly endpoint: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly bucket: string;
    readonly region: string;
  };
}

/** The stores' addresses and keys from MONGODB_URI, MLOPS_DATABASE and S3_*. */
export function storeConfig(env: Environment = readEnvironment()): StoreConfig {
  return {
    mongodbUri: needed(env, 'MONGODB_URI'),
    ...(env.MLOPS_DATABASE === undefined ? {} : { database: env.MLOPS_DATABASE }),
    s3: {
      endpoint: needed(env, 'S3_ENDPOINT'),
      accessKey: needed(env, 'S3_ACCESS_KEY'),
      secretKey: needed(env, 'S3_SECRET_KEY'),
      bucket: env.S3_BUCKET ?? 'mlops',
      region: env.S3_REGION ?? 'us-east-1',
    },
  };
}

function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined) {
    throw new MlopsError(
      'MLOPS_CONFIGURATION',
      'A server address is not set.',
      { variable: name },
      'Set it, or start the servers with ./scripts/stack.sh up.'
    );
  }
  return value;
}

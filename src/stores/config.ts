import { MlopsError } from '../domain/errors';
import { type Environment, readEnvironment } from '../runtime/environment';
import { startServer } from '../runtime/server-advice';

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

/**
 * The stores' addresses and keys from MONGODB_URI, MLOPS_DATABASE and S3_*.
 * @throws MlopsError MLOPS_CONFIGURATION: one is not set, or can't be what it is for
 */
export function storeConfig(env: Environment = readEnvironment()): StoreConfig {
  const database = env.MLOPS_DATABASE;
  return {
    mongodbUri: fit('MONGODB_URI', needed(env, 'MONGODB_URI')),
    ...(database === undefined ? {} : { database: fit('MLOPS_DATABASE', database) }),
    s3: {
      endpoint: fit('S3_ENDPOINT', needed(env, 'S3_ENDPOINT')),
      accessKey: needed(env, 'S3_ACCESS_KEY'),
      secretKey: needed(env, 'S3_SECRET_KEY'),
      bucket: fit('S3_BUCKET', env.S3_BUCKET ?? 'mlops'),
      region: env.S3_REGION ?? 'us-east-1',
    },
  };
}

/** Where MongoDB and the object store listen, as the configuration names them. */
export function serversOf({
  mongodbUri,
  s3,
}: StoreConfig): readonly { readonly host: string; readonly port: number }[] {
  const hosts = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(mongodbUri)?.[1]?.split(',') ?? [];
  const { hostname, port, protocol } = new URL(s3.endpoint);
  return [
    ...hosts.map((each) => {
      const [, host = each, at] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(each) ?? [];
      return { host, port: Number(at ?? 27_017) };
    }),
    { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) },
  ];
}

/** The configuration's own, else the one that the URI names, else `mlops`. */
export function databaseNamed(config: Pick<StoreConfig, 'mongodbUri' | 'database'>): string {
  return config.database ?? /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(config.mongodbUri)?.[1] ?? 'mlops';
}

function needed(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined) {
    throw new MlopsError('MLOPS_CONFIGURATION', 'A server address is not set.', { variable: name }, startServer(name));
  }
  return value;
}

/** What each must look like; the drivers' own words for a slip don't name the variable. */
const FORMS = {
  MONGODB_URI: { form: /^mongodb(\+srv)?:\/\/[^/]/, fix: 'Write mongodb://host:port/database?replicaSet=name.' },
  MLOPS_DATABASE: { form: /^[\w-]{1,63}$/, fix: 'Use letters, digits, _ and -, at most 63.' },
  S3_ENDPOINT: { form: /^https?:\/\/[^/?#@]+\/?$/, fix: 'Write http://host:port or https://host.' },
  S3_BUCKET: {
    form: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    fix: 'Use 3 to 63 small letters, digits, hyphens and dots.',
  },
} as const;

/** The value is not shown: an address may hold a password. */
function fit(variable: keyof typeof FORMS, value: string): string {
  const { form, fix } = FORMS[variable];
  if (!form.test(value)) {
    throw new MlopsError('MLOPS_CONFIGURATION', `${variable} can't be used as it is written.`, { variable }, fix);
  }
  return value;
}

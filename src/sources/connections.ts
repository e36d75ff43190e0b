/**
 * Connections: how a worker reaches what definitions name. An address and where its secrets are stand here; a definition
 * holds the name alone, so that neither it nor a record, a log or a workflow's history ever holds a credential.
 */
import { z } from 'zod';
import { MlopsError } from '../domain/errors';
import { CLIENT_ID } from '../domain/ids';

/** Where a secret is: a variable of the worker's environment, or a file that holds nothing else. Read at each use. */
export type Secret = { readonly env: string } | { readonly file: string };

/**
 * Addresses that are refused unless the connection allows them: `loopback`; `link-local`, and those at which clouds
 * answer with credentials; `private` networks (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7); `own-servers`, which
 * are the project's MongoDB, object store and Temporal.
 */
export type Guarded = 'loopback' | 'link-local' | 'private' | 'own-servers';

export interface HttpConnection {
  readonly kind: 'http';
  /** Paths of a definition go on from here: `https://data.example.com/exports/`. */
  readonly address: string;
  /** Sent to the address's own origin alone: header → its whole value, such as `Bearer …`. */
  readonly headers?: Readonly<Record<string, Secret>>;
  /** Other origins that a redirect may lead to, such as `https://objects.example.com`. */
  readonly redirectsTo?: readonly string[];
  readonly allow?: readonly Guarded[];
}

export interface S3Connection {
  readonly kind: 's3';
  /** The server's: `https://s3.eu-central-1.amazonaws.com`. */
  readonly address: string;
  /** Default: `us-east-1`. */
  readonly region?: string;
  /** Without them objects are asked for as anybody. */
  readonly accessKey?: Secret;
  readonly secretKey?: Secret;
  readonly sessionToken?: Secret;
  readonly allow?: readonly Guarded[];
}

export interface MongoConnection {
  readonly kind: 'mongodb';
  /** All its servers: `mongodb://db1:27017,db2:27017/?tls=true`. No other server is asked, and none that they name. */
  readonly address: string;
  readonly user?: Secret;
  readonly password?: Secret;
  readonly allow?: readonly Guarded[];
}

export type Connection = HttpConnection | S3Connection | MongoConnection;

/** By the names that definitions use. */
export type Connections = Readonly<Record<string, Connection>>;

const name = z.string().min(1).max(1000);
const secret = z.union([z.strictObject({ env: name }), z.strictObject({ file: name })], {
  error: 'must be { "env": "NAME" } or { "file": "/path" }: the secret itself never stands here',
});
const allow = z.array(z.enum(['loopback', 'link-local', 'private', 'own-servers'])).optional();

const httpAddress = z.string().refine(isHttp, {
  error: 'must be http:// or https://, a host and a path, without user, password, ? and #',
});
const origin = z.string().refine((text) => isHttp(text) && new URL(text).pathname === '/', {
  error: 'must be http:// or https:// and a host',
});

/** Hosts, and options. */
export const MONGO_ADDRESS = /^mongodb:\/\/([^@/?#\s]+)\/?(?:\?([^#\s]*))?$/;

/** What the request itself decides. */
const OWN_HEADERS = /^(host|range|if-.*|accept-encoding|connection|content-.*|transfer-encoding|upgrade|expect|te)$/i;
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, { error: 'must be the name of a header' })
  .refine((text) => !OWN_HEADERS.test(text), { error: 'is a header that the request sets itself' });

const http = z.strictObject({
  kind: z.literal('http'),
  address: httpAddress,
  headers: z.record(headerName, secret).optional(),
  redirectsTo: z.array(origin).max(20).optional(),
  allow,
});

const s3 = z.strictObject({
  kind: z.literal('s3'),
  address: origin,
  region: z.string().max(100).optional(),
  accessKey: secret.optional(),
  secretKey: secret.optional(),
  sessionToken: secret.optional(),
  allow,
});

const mongodb = z.strictObject({
  kind: z.literal('mongodb'),
  address: z.string().refine((text) => MONGO_ADDRESS.test(text) && !/[?&](proxy|srv|directConnection)/i.test(text), {
    error: 'must be mongodb://host:port,… with options after /?, without user, password, database, proxy and srv',
  }),
  user: secret.optional(),
  password: secret.optional(),
  allow,
});

const connections = z.record(
  z.string().regex(CLIENT_ID, { error: 'a name has letters, digits and . _ : -' }),
  z.discriminatedUnion('kind', [http, s3, mongodb])
);

/** @throws MlopsError MLOPS_CONFIGURATION: what the worker was given are not connections; it shows no value of them */
export function readConnections(given: unknown): Connections {
  const parsed = connections.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'connections'}: ${message}`);
  throw new MlopsError(
    'MLOPS_CONFIGURATION',
    `Connections can't be used as they are written: ${mistakes.slice(0, 5).join('; ')}.`,
    {},
    'docs/sources.md shows each kind.'
  );
}

/** @throws MlopsError MLOPS_CONNECTION_UNKNOWN: the worker declares none of this name and kind */
export function connectionNamed<K extends Connection['kind']>(
  all: Connections,
  wanted: string,
  kind: K
): Extract<Connection, { readonly kind: K }> {
  const found = Object.hasOwn(all, wanted) ? all[wanted] : undefined;
  if (found?.kind === kind) return found as Extract<Connection, { readonly kind: K }>;
  const names = Object.keys(all).filter((each) => all[each]?.kind === kind);
  throw new MlopsError(
    'MLOPS_CONNECTION_UNKNOWN',
    found === undefined ? 'The worker declares no such connection.' : `The connection is of the kind ${found.kind}.`,
    { connection: wanted, kind },
    names.length === 0
      ? `Declare it: mlops worker --connections connections.json (docs/sources.md).`
      : `Declare it, or name one that there is: ${names.join(', ')}.`
  );
}

function isHttp(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '' && search + hash === '';
}

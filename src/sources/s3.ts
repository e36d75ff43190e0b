/** Objects of any S3 server. minio-js takes no signal and no look-up: its requests get both here, and their sockets are destroyed. */
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Client } from 'minio';
import type { S3Reader } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { isNamedBy, namesMany } from '../domain/path-pattern';
import { digestOf } from '../runtime/digest';
import { isServerAway } from '../runtime/server-away';
import { type AddressRules, guardedLookup, requireAllowed } from './addresses';
import type { S3Connection } from './connections';
import type { Answer, Ask, RemoteFile } from './remote-file';
import { readSecret } from './secrets';

export interface S3Source {
  readonly reader: S3Reader;
  readonly connection: S3Connection;
  readonly rules: AddressRules;
  /** Time without a byte after which a listing is given up. */
  readonly silenceMs: number;
}

/**
 * The objects that the source's path names, in the order of their keys.
 * @throws MlopsError MLOPS_SOURCE_MISSING: none; MLOPS_TOO_MANY_FILES, and what asking the server throws
 */
export async function s3Files(source: S3Source, most: number, signal: AbortSignal): Promise<readonly RemoteFile[]> {
  const { reader, connection, rules } = source;
  const keys = namesMany(reader.path) ? await keysOf(source, most, signal) : [reader.path];
  return keys.map((key) => ({
    path: key,
    key: digestOf({ s3: rules.connection, address: connection.address, bucket: reader.bucket, key }),
    open: (ask, untilDone) => answerOf(source, key, ask, untilDone),
  }));
}

async function keysOf(source: S3Source, most: number, signal: AbortSignal): Promise<readonly string[]> {
  const { bucket, path } = source.reader;
  const prefix = path.slice(0, path.slice(0, path.indexOf('*')).lastIndexOf('/') + 1);
  const found: string[] = [];
  await asking(source, signal, path, async (client) => {
    for await (const { name } of client.listObjectsV2(bucket, prefix, true) as AsyncIterable<{ name?: string }>) {
      if (name === undefined || !isNamedBy(path, name)) continue;
      found.push(name);
      if (found.length > most) {
        const fix = "Write larger objects, or raise the worker's limit sourceFiles.";
        const what = 'More objects match the path than a source may have.';
        throw new MlopsError('MLOPS_TOO_MANY_FILES', what, { bucket, path, limit: most }, fix);
      }
    }
  });
  if (found.length > 0) return found.sort();
  throw new MlopsError(
    'MLOPS_SOURCE_MISSING',
    'No object matches the path.',
    { bucket, path },
    'Correct the path, or put an object there.'
  );
}

/** Often enough for an object that is being replaced, and not for one that always is. */
const LOOKS = 3;

async function answerOf(source: S3Source, key: string, ask: Ask, signal: AbortSignal): Promise<Answer> {
  const { bucket } = source.reader;
  // For an answer that nobody reads.
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const answer = await asking(source, both, key, async (client): Promise<Answer | undefined> => {
    for (let look = 0; look < LOOKS; look += 1) {
      const { etag, versionId, size } = await client.statObject(bucket, key);
      const identity = `${etag} ${versionId ?? ''}`;
      if (ask.unless === identity) return 'unchanged';
      const from = ask.after?.identity === identity && ask.after.bytes < size ? ask.after.bytes : 0;
      const version = typeof versionId === 'string' ? { versionId } : {};
      const response = (await client.getPartialObject(bucket, key, from, 0, version)) as IncomingMessage;
      // It was replaced between the two questions; within one answer the server gives one object.
      if (response.headers.etag?.replace(/^"|"$/g, '') !== etag) {
        response.destroy();
        continue;
      }
      const chunks = bodyOf(response, source, key);
      const after = response.statusCode === 206 ? from : 0;
      return { chunks, close: () => own.abort(), after, bytes: size, identity, resumable: true };
    }
    return undefined;
  }).catch((error: unknown) => {
    own.abort();
    throw error;
  });
  if (answer !== undefined) return answer;
  const what = `The object was replaced ${LOOKS} times while it was read.`;
  throw new MlopsError('MLOPS_SOURCE_CHANGED', what, { bucket, key }, 'Leave it alone while it is read, then retry.');
}

async function* bodyOf(response: IncomingMessage, source: S3Source, key: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw failureOf(error as Error, source, key);
  }
}

async function asking<T>(
  source: S3Source,
  signal: AbortSignal,
  key: string,
  ask: (client: Client) => Promise<T>
): Promise<T> {
  const client = await clientOf(source, signal);
  return ask(client).catch((error: unknown) => {
    throw failureOf(error as Error, source, key);
  });
}

async function clientOf({ connection, rules, silenceMs }: S3Source, signal: AbortSignal): Promise<Client> {
  const { hostname, port, protocol } = new URL(connection.address);
  const secure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const target = { host, port: Number(port) || (secure ? 443 : 80) };
  await requireAllowed(target, rules);
  const request = secure ? httpsRequest : httpRequest;
  const guarded = (options: RequestOptions, answered?: (response: IncomingMessage) => void) => {
    const made = request(
      { ...options, agent: false, signal, lookup: guardedLookup(target, rules), timeout: silenceMs },
      answered
    );
    return made.on('timeout', () => made.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));
  };
  const { accessKey, secretKey, sessionToken } = connection;
  const read = async (secret: typeof accessKey) => (secret === undefined ? '' : readSecret(secret, rules.connection));
  const token = await read(sessionToken);
  return new Client({
    endPoint: host,
    port: target.port,
    useSSL: secure,
    accessKey: await read(accessKey),
    secretKey: await read(secretKey),
    ...(token === '' ? {} : { sessionToken: token }),
    region: connection.region ?? 'us-east-1',
    transport: { request: guarded as typeof httpRequest },
    retryOptions: { disableRetry: true },
  });
}

const MISSING = /^(NoSuchKey|NoSuchBucket|NotFound|NoSuchVersion)$/;
const REFUSED =
  /^(AccessDenied|Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|PermanentRedirect|AuthorizationHeaderMalformed|RequestTimeTooSkewed)$/;

function failureOf(error: Error, { reader, rules }: S3Source, key: string): Error {
  if (error instanceof MlopsError || error.name === 'AbortError') return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const where = { connection: rules.connection, bucket: reader.bucket, key };
  if (MISSING.test(code))
    return new MlopsError(
      'MLOPS_SOURCE_MISSING',
      `There is no such object (${code}).`,
      where,
      'Correct the key, or put the object there.'
    );
  if (REFUSED.test(code)) {
    const fix = "Check the connection's keys and region, and what they may read.";
    return new MlopsError('MLOPS_SOURCE_REFUSED', `The object store refused to answer (${code}).`, where, fix);
  }
  if (
    isServerAway(error) ||
    /HTTP status|SlowDown|InternalError|ServiceUnavailable|aborted/.test(`${code} ${error.message}`)
  ) {
    const what = `The object store is away: ${code || error.message}.`;
    return new MlopsError('MLOPS_SOURCE_AWAY', what, where, 'It is tried again, after the last finished part.');
  }
  const what = `The object store's answer can't be used: ${code || error.message}.`;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, where, 'Check the server.');
}

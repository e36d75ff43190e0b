/**
 * A collection's documents as JSON Lines, in the order of `_id`, of one moment where the server has snapshots. Only the
 * servers that the connection lists are asked: each directly, so that none leads the driver to another.
 */
import os from 'node:os';
import { BSON, type Document, MongoClient, type MongoClientOptions } from 'mongodb';
import type { MongoReader } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { digestOf } from '../runtime/digest';
import { isServerAway } from '../runtime/server-away';
import { type AddressRules, guardedLookup, type HostPort, requireAllowed, requireResolved } from './addresses';
import { MONGO_ADDRESS, type MongoConnection } from './connections';
import { jsonLineOf } from './document-line';
import type { RemoteFile } from './remote-file';
import { readSecret } from './secrets';

export interface MongoSource {
  readonly reader: MongoReader;
  readonly connection: MongoConnection;
  readonly rules: AddressRules;
}

const CONNECT_MS = 8_000;
/** Lines are handed on in chunks of about so many characters. */
const CHUNK = 65_536;

export function mongoFile(source: MongoSource): RemoteFile {
  const { reader, connection, rules } = source;
  const path = `${reader.database}.${reader.collection}`;
  return {
    path,
    key: digestOf({ mongodb: rules.connection, address: connection.address, path, filter: reader.filter ?? {} }),
    async open(_, signal) {
      const own = new AbortController();
      const both = AbortSignal.any([signal, own.signal]);
      return { chunks: chunksOf(source, both), close: () => own.abort(), after: 0, resumable: false };
    },
  };
}

async function* chunksOf(source: MongoSource, signal: AbortSignal): AsyncGenerator<Buffer> {
  let client: MongoClient | undefined;
  try {
    const { client: found, snapshot } = await connected(source, signal);
    client = found;
    let text = '';
    for await (const document of documents(found, snapshot, source.reader, signal)) {
      text += `${jsonLineOf(document)}\n`;
      if (text.length < CHUNK) continue;
      yield Buffer.from(text);
      text = '';
    }
    if (text !== '') yield Buffer.from(text);
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error as Error, source);
  } finally {
    await client?.close();
  }
}

async function* documents(
  client: MongoClient,
  snapshot: boolean,
  { database, collection, filter = {} }: MongoReader,
  signal: AbortSignal
): AsyncGenerator<Document> {
  const session = client.startSession({ snapshot });
  try {
    const query = BSON.EJSON.deserialize(filter as Document) as Document;
    // bigints: a whole number of 64 bits stays exact.
    const options = { session, signal, useBigInt64: true, batchSize: 1_000 };
    yield* client.db(database).collection(collection).find(query, options).sort({ _id: 1 });
  } finally {
    await session.endSession();
  }
}

interface Connected {
  readonly client: MongoClient;
  /** Whether the server reads as of one moment. */
  readonly snapshot: boolean;
}

/** To the primary (or a router) of the listed servers, else to any that answers. */
async function connected(source: MongoSource, signal: AbortSignal): Promise<Connected> {
  const [, hosts = '', options = ''] = MONGO_ADDRESS.exec(source.connection.address) ?? [];
  const targets = hosts.split(',').map(hostPort);
  let fallback: Connected | undefined;
  let failed: unknown;
  for (const target of targets) {
    let client: MongoClient | undefined;
    try {
      client = new MongoClient(`mongodb://${shown(target)}/?${options}`, await clientOptions(source, target));
      const hello = await until(signal, client, client.db('admin').command({ hello: 1 }));
      const snapshot = (hello.setName !== undefined || hello.msg === 'isdbgrid') && Number(hello.maxWireVersion) >= 13;
      if (hello.isWritablePrimary === true) {
        await fallback?.client.close();
        return { client, snapshot };
      }
      if (hello.secondary === true && fallback === undefined) fallback = { client, snapshot };
      else await client.close();
    } catch (error) {
      await client?.close();
      signal.throwIfAborted();
      failed = error;
    }
  }
  if (fallback !== undefined) return fallback;
  throw failed ?? new Error('none of its servers holds data');
}

async function clientOptions({ connection, rules }: MongoSource, target: HostPort): Promise<MongoClientOptions> {
  const { user, password } = connection;
  // Asked here for the sake of its words; the socket's own look-up decides.
  await requireAllowed(target, rules);
  await requireResolved(target, rules);
  return {
    appName: 'temporal-mlops',
    directConnection: true,
    readPreference: 'secondaryPreferred',
    serverSelectionTimeoutMS: CONNECT_MS,
    connectTimeoutMS: CONNECT_MS,
    lookup: guardedLookup(target, rules),
    // Else the driver imports it dynamically, which a CommonJS sandbox such as jest's can't.
    runtimeAdapters: { os },
    ...(user === undefined || password === undefined
      ? {}
      : {
          auth: {
            username: await readSecret(user, rules.connection),
            password: await readSecret(password, rules.connection),
          },
        }),
  };
}

/** The driver's first connection knows no signal. */
async function until<T>(signal: AbortSignal, client: MongoClient, work: Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      void client.close();
      reject(new Error('aborted'));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop!);
    work.catch(() => undefined);
  }
}

function hostPort(text: string): HostPort {
  const [, host = text, port] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(text) ?? [];
  return { host, port: Number(port ?? 27_017) };
}

function shown({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const SNAPSHOT_TOO_OLD = 239;
/** Unauthorized, AuthenticationFailed. */
const REFUSED: ReadonlySet<unknown> = new Set([13, 18]);

function failureOf(error: Error, { reader, rules }: MongoSource): Error {
  if (error instanceof MlopsError) return error;
  const code = (error as { readonly code?: unknown }).code;
  const where = { connection: rules.connection, database: reader.database, collection: reader.collection };
  if (REFUSED.has(code)) {
    const fix = "Check the connection's user and password, and what the user may read.";
    return new MlopsError('MLOPS_SOURCE_REFUSED', 'MongoDB refused to answer.', where, fix);
  }
  if (code === SNAPSHOT_TOO_OLD) {
    const fix = 'Read less of it (filter), or raise minSnapshotHistoryWindowInSeconds of the server.';
    return new MlopsError('MLOPS_SOURCE_UNREADABLE', 'Reading took longer than MongoDB keeps a snapshot.', where, fix);
  }
  if (isServerAway(error)) {
    const what = `MongoDB is away: ${error.message}.`;
    return new MlopsError('MLOPS_SOURCE_AWAY', what, where, 'It is tried again.');
  }
  const what = `MongoDB can't answer: ${error.message}.`;
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, where, 'Check the filter and the collection.');
}

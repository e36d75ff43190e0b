/**
 * A source that is fetched: over the network, or from the records of predictions. Its files become artifacts, as a registered reader's parts do, so that ingest can
 * run on any machine and needs no connection; their digests are all that the ingest step is keyed by.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context, cancellationSignal } from '@temporalio/activity';
import { fileForm, type RemoteReader, type SourceDefinition } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import type { ObservedFile } from '../domain/records';
import type { Digest } from '../domain/refs';
import { type Connection, connectionNamed } from '../sources/connections';
import { type Fetched, fetchFile } from '../sources/fetch-file';
import { httpFiles } from '../sources/http';
import { mongoFile } from '../sources/documents';
import type { RemoteFile } from '../sources/remote-file';
import { s3Files } from '../sources/s3';
import { SourceCache } from '../sources/source-cache';
import type { Stores } from '../stores/connect';
import type { ActivityDeps } from './deps';
import { type PredictionFiles, predictionFiles } from './predictions-source';
import { listOf, type ObservedParts } from './registered/reader';
import { inAttemptFolder } from './step/attempt-folder';
import { withHeartbeat } from './step/heartbeat';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export async function observeRemote(
  deps: ActivityDeps,
  reader: RemoteReader,
  source: Pick<SourceDefinition, 'name' | 'columns'>,
  asOf: string
): Promise<ObservedParts> {
  const { name } = source;
  const cache = new SourceCache(deps.workFolder);
  await cache.prepare();
  const stores = await deps.stores();
  const late = AbortSignal.timeout(Math.min(deps.limits.sourceTime, LONGEST_TIMER_MS));
  let note = `fetching ${name}`;
  return inAttemptFolder(deps.workFolder, 'fetch', (folder) =>
    withHeartbeat(
      () => note,
      async (cancelled) => {
        const files: ObservedFile[] = [];
        const signal = AbortSignal.any([cancelled, late]);
        const tooLong = (path: string) => (error: unknown) => {
          throw late.aborted && !cancelled.aborted ? tooLate(path, deps.limits.sourceTime) : error;
        };
        let left = deps.limits.sourceBytes;
        const { files: remotes, checkInputs } = await found(deps, stores, reader, source, signal).catch(tooLong(name));
        for (const remote of remotes) {
          const to = join(folder, `file-${files.length}`);
          const { digest, bytes } = await fetchedAndStored(stores, cache, remote, {
            to,
            left,
            silenceMs: deps.limits.sourceSilence,
            signal,
            onBytes: (seen) => {
              note = `fetching ${remote.path}: ${(seen / 1e6).toFixed(1)} MB`;
            },
          }).catch(tooLong(remote.path));
          left -= bytes;
          files.push({ path: remote.path, digest, bytes });
        }
        checkInputs?.();
        return { asOf, format: fileForm(reader)!.format, parts: await listOf(stores, folder, { files }) };
      }
    )
  );
}

async function found(
  deps: ActivityDeps,
  stores: Stores,
  reader: RemoteReader,
  source: Pick<SourceDefinition, 'name' | 'columns'>,
  signal: AbortSignal
): Promise<Pick<PredictionFiles, 'files'> & Partial<PredictionFiles>> {
  if ('predictions' in reader)
    return predictionFiles(stores, reader.predictions, source, deps.limits.sourceFiles, signal);
  return { files: await connectedFiles(deps, reader, signal) };
}

type ConnectedReader = Exclude<RemoteReader, { readonly predictions: unknown }>;

/** Whatever the connection leads to, by the names that records use. */
async function connectedFiles(
  deps: ActivityDeps,
  reader: ConnectedReader,
  signal: AbortSignal
): Promise<readonly RemoteFile[]> {
  const by = <K extends Connection['kind']>(name: string, kind: K) => {
    const connection = connectionNamed(deps.connections, name, kind);
    return { connection, rules: { connection: name, allow: connection.allow ?? [], ownServers: deps.ownServers() } };
  };
  if ('http' in reader) {
    const { connection, rules } = by(reader.http.connection, 'http');
    return httpFiles(reader.http, connection, rules);
  }
  if ('s3' in reader) {
    const source = { reader: reader.s3, ...by(reader.s3.connection, 's3'), silenceMs: deps.limits.sourceSilence };
    return s3Files(source, deps.limits.sourceFiles, signal);
  }
  return [mongoFile({ reader: reader.mongodb, ...by(reader.mongodb.connection, 'mongodb') })];
}

type Request = Omit<Parameters<typeof fetchFile>[1], 'cache' | 'isStored'>;

async function fetchedAndStored(
  stores: Stores,
  cache: SourceCache,
  remote: RemoteFile,
  request: Request
): Promise<Fetched> {
  const { artifacts } = stores;
  const isStored = async (digest: Digest) => (await artifacts.renew([digest])) && (await artifacts.hasObject(digest));
  try {
    const fetched = await fetchFile(remote, { ...request, cache, isStored });
    const { digest, bytes, identity } = fetched;
    if (fetched.isNew) {
      await artifacts.put({ name: 'part', path: request.to, mediaType: 'application/octet-stream' });
      await cache.remember(remote.key, identity === undefined ? undefined : { identity, digest, bytes });
    }
    return fetched;
  } catch (error) {
    // Somebody gave it up: nobody comes back for the parts. A worker that shuts down does.
    if (cancellationSignal().aborted && Context.current().cancellationDetails?.cancelRequested === true)
      await cache.forgetParts(remote.key);
    throw error;
  } finally {
    await rm(request.to, { force: true });
  }
}

function tooLate(path: string, limitMs: number): MlopsError {
  return new MlopsError(
    'MLOPS_TIME_LIMIT',
    'Fetching the source took longer than it may.',
    { file: path, limitMs },
    "Retry: it goes on after the last finished part. Else raise the worker's limit sourceTime."
  );
}

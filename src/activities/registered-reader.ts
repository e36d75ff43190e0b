/** A source of the user's own: what it yields is kept as artifacts, and those are what the ingest step is keyed by. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegisteredUse } from '../domain/definition';
import { errorCodeOf, MlopsError } from '../domain/errors';
import type { ObservedFile } from '../domain/records';
import type { Row } from '../project/registry';
import type { ActivityDeps } from './deps';
import type { Observation } from './ingest';

export async function observeRegistered(
  deps: ActivityDeps,
  use: RegisteredUse,
  asOf: string,
  signal: AbortSignal
): Promise<Observation> {
  const reader = deps.registered.readers[use.registered];
  if (reader === undefined)
    throw new MlopsError(
      'MLOPS_NOT_REGISTERED',
      'This worker knows no such reader.',
      { reader: use.registered },
      'Register it in the MlopsPlugin of the worker.'
    );
  const stores = await deps.stores();
  const folder = join(deps.workFolder, 'attempts', `read-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  const files: ObservedFile[] = [];
  let format: Observation['format'] | undefined;
  try {
    for await (const part of reader.read({ params: use.params, asOf, folder, signal })) {
      const found = 'file' in part ? part.format : 'jsonl';
      if (format !== undefined && found !== format)
        throw new MlopsError(
          'MLOPS_SOURCE_UNREADABLE',
          'A reader yields parts of two formats.',
          { reader: use.registered, formats: `${format} ${found}` },
          'Yield one.'
        );
      format = found;
      const path = 'file' in part ? part.file : await writeRows(join(folder, `rows-${files.length}.jsonl`), part.rows);
      const artifact = await stores.artifacts.put({ name: 'part', path, mediaType: 'application/octet-stream' });
      files.push({ path: `${use.registered}/${files.length}`, digest: artifact.digest, bytes: artifact.bytes });
    }
  } catch (error) {
    if (errorCodeOf(error) !== undefined || signal.aborted) throw error;
    throw new MlopsError(
      'MLOPS_USER_CODE_FAILED',
      `The reader failed: ${error instanceof Error ? error.message : String(error)}.`,
      { reader: use.registered, version: reader.version },
      'Mend it, give it a new version, and retry.',
      { cause: error }
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (format === undefined)
    throw new MlopsError(
      'MLOPS_SOURCE_EMPTY',
      'The reader yielded nothing.',
      { reader: use.registered, asOf },
      'See to what it reads.'
    );
  return { asOf, files, format };
}

async function writeRows(path: string, rows: readonly Row[]): Promise<string> {
  const file = createWriteStream(path);
  for (const row of rows) if (!file.write(`${JSON.stringify(row, plain)}\n`)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
  return path;
}

/** JSON has no bigint; a Date has become its ISO text before this is asked. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

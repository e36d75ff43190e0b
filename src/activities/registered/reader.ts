/** A source of the user's own: what it yields is kept as artifacts, and those are what the ingest step is keyed by. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { RegisteredUse } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { ObservedFile } from '../../domain/records';
import type { Row } from '../../project/registry';
import { inAttemptFolder } from '../step/attempt-folder';
import type { ActivityDeps } from '../deps';
import type { Observation } from '../ingest';
import { asUserCode, registered, runUserCode } from './user-code';

export async function observeRegistered(
  deps: ActivityDeps,
  use: RegisteredUse,
  asOf: string,
  signal: AbortSignal
): Promise<Observation> {
  const reader = registered(deps, 'reader', use.registered);
  const stores = await deps.stores();
  return inAttemptFolder(deps.workFolder, 'read', async (folder) => {
    const files: ObservedFile[] = [];
    let format: Observation['format'] | undefined;
    const parts = await runUserCode(deps, 'reader', use.registered, () =>
      reader.read({ params: use.params, asOf, folder, signal })[Symbol.asyncIterator]()
    );
    // By hand: what the reader throws is its failure, and what our stores throw isn't.
    const nextPart = () => asUserCode(deps, 'reader', use.registered, () => parts.next());
    for (let part = await nextPart(); part.done !== true; part = await nextPart()) {
      const found = 'file' in part.value ? part.value.format : 'jsonl';
      if (format !== undefined && found !== format)
        throw new MlopsError(
          'MLOPS_SOURCE_UNREADABLE',
          'A reader yields parts of two formats.',
          { reader: use.registered, formats: `${format} ${found}` },
          'Yield one.'
        );
      format = found;
      const rows = join(folder, `rows-${files.length}.jsonl`);
      const path = 'file' in part.value ? part.value.file : await writeRows(rows, part.value.rows);
      const artifact = await stores.artifacts.put({ name: 'part', path, mediaType: 'application/octet-stream' });
      files.push({ path: `${use.registered}/${files.length}`, digest: artifact.digest, bytes: artifact.bytes });
    }
    if (format === undefined)
      throw new MlopsError(
        'MLOPS_SOURCE_EMPTY',
        'The reader yielded nothing.',
        { reader: use.registered, asOf },
        'See to what it reads.'
      );
    return { asOf, files, format };
  });
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

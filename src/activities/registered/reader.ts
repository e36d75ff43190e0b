/** A source of the user's own: what it yields is kept as artifacts, and those are what the ingest step is keyed by. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import type { RegisteredUse } from '../../domain/definition';
import type { ObservedFile } from '../../domain/records';
import type { ArtifactRef, Ref } from '../../domain/refs';
import type { Stores } from '../../stores/connect';
import type { ActivityDeps } from '../deps';
import { localCopies } from '../step/artifact-cache';
import { inAttemptFolder } from '../step/attempt-folder';
import { runWithHeartbeat } from '../step/compute-job';
import { withHeartbeat } from '../step/heartbeat';
import { partFile, type ReadInput, type ReadOutput } from './jobs/read';
import { usedCode } from './user-code';

export interface ObservedParts {
  readonly asOf: string;
  readonly format: ReadOutput['format'];
  /** `Parts` as JSON: there may be thousands, and a workflow carries 64 KB. */
  readonly parts: ArtifactRef;
}

export interface Parts {
  readonly files: readonly ObservedFile[];
  /** Of a prepared source: the snapshots that it was made of. */
  readonly from?: readonly Ref<'snapshot'>[];
}

export async function observeRegistered(
  deps: ActivityDeps,
  reader: RegisteredUse,
  asOf: string
): Promise<ObservedParts> {
  const use = await usedCode(deps, 'reader', reader);
  const stores = await deps.stores();
  return inAttemptFolder(deps.workFolder, 'read', async (folder) => {
    const input = { use, asOf, maxParts: deps.limits.readerParts };
    const { format, parts } = await runWithHeartbeat<ReadInput, ReadOutput>(deps, 'readCode', input, { folder });
    return withHeartbeat(`storing ${parts} parts`, async () => {
      const files: ObservedFile[] = [];
      for (let index = 0; index < parts; index += 1) {
        cancellationSignal().throwIfAborted();
        const path = join(folder, partFile(index));
        const { digest, bytes } = await stores.artifacts.put({ name: 'part', path, mediaType: ANY_BYTES });
        // So that the order of paths is the order of parts.
        files.push({ path: `${use.name}/${String(index).padStart(5, '0')}`, digest, bytes });
      }
      return { asOf, format, parts: await listOf(stores, folder, { files }) };
    });
  });
}

/** The list as an artifact of its own. */
export async function listOf(stores: Stores, folder: string, parts: Parts): Promise<ArtifactRef> {
  const path = join(folder, 'parts.json');
  await writeFile(path, JSON.stringify(parts));
  return stores.artifacts.put({ name: 'parts', path, mediaType: 'application/json' });
}

const ANY_BYTES = 'application/octet-stream';

export async function partsOf(deps: ActivityDeps, stores: Stores, { parts }: ObservedParts): Promise<Parts> {
  const [path] = await localCopies(deps, stores, [parts]);
  return JSON.parse(await readFile(path as string, 'utf8')) as Parts;
}

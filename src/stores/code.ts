/** Registered code of one version has one source in a project, on every worker and for ever. */
import { MlopsError } from '../domain/errors';
import type { Digest } from '../domain/refs';
import { collection, type Store } from './mongo';

/**
 * @param id `<project>/<kind>/<name>/<version>`
 * @throws MlopsError MLOPS_CODE_CHANGED: it is registered with another source
 */
export async function registerCode(store: Store, id: string, source: Digest): Promise<void> {
  const registered = await collection(store, 'code').findOneAndUpdate(
    { _id: id },
    { $setOnInsert: { v: 1, source } },
    { upsert: true, returnDocument: 'after' }
  );
  if (registered !== null && registered.source !== source) {
    throw new MlopsError(
      'MLOPS_CODE_CHANGED',
      'Registered code changed under the same version.',
      { code: id, registered: registered.source, found: source },
      'Give the changed code a new version.'
    );
  }
}

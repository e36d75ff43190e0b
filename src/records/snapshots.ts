/** The snapshot that a project stands on. */
import { PROJECT_NAME } from '../domain/ids';
import { MlopsError } from '../domain/errors';
import type { Fact } from '../domain/records';
import { newestSnapshotRef } from '../stores/cycles';
import type { RecordStores } from './stores';

/** @throws MlopsError MLOPS_UNKNOWN_PROJECT */
export async function newestSnapshot(
  stores: Omit<RecordStores, 'connect'>,
  project: string
): Promise<Fact<'snapshot'> | undefined> {
  const found = PROJECT_NAME.test(project) ? await newestSnapshotRef(stores, project) : null;
  if (found === null) {
    const fix = 'mlops ls projects lists projects.';
    throw new MlopsError('MLOPS_UNKNOWN_PROJECT', 'No cycle of this project is recorded.', { project }, fix);
  }
  return found.snapshot === undefined ? undefined : stores.facts.get({ kind: 'snapshot', id: found.snapshot.id });
}

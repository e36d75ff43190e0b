/** Snapshots as people name them. */
import { MlopsError } from '../domain/errors';
import { parseSnapshotName, PROJECT_NAME } from '../domain/ids';
import { momentOrDayMs } from '../domain/moment';
import type { CycleDocument, Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import { newestSnapshotRef, snapshotsOfCycles } from '../stores/cycles';
import { newestLabels } from '../stores/label-sets';
import { findStored, idBeginning } from '../stores/listing';
import { versionNumbered } from '../stores/versions';
import type { RecordStores } from './stores';

type Stores = Omit<RecordStores, 'connect'>;

/** @throws MlopsError MLOPS_UNKNOWN_PROJECT */
export async function newestSnapshot(stores: Stores, project: string): Promise<Fact<'snapshot'> | undefined> {
  const found = PROJECT_NAME.test(project) ? await newestSnapshotRef(stores, project) : null;
  if (found === null) {
    const fix = 'mlops ls projects lists projects.';
    throw new MlopsError('MLOPS_UNKNOWN_PROJECT', 'No cycle of this project is recorded.', { project }, fix);
  }
  return found.snapshot === undefined ? undefined : stores.facts.get({ kind: 'snapshot', id: found.snapshot.id });
}

/**
 * `flights`: the newest one of the project; `flights@3`: the one that the version was trained on; `flights/4`: that of the
 * cycle; `flights@2001-02-01`: the last one that was made as of this moment or an earlier one; else a snapshot's id, or its
 * beginning.
 * @throws MlopsError MLOPS_NOT_FOUND, MLOPS_UNKNOWN_PROJECT; MLOPS_USAGE: not a name of a snapshot
 */
export async function findSnapshot(stores: Stores, name: string): Promise<Fact<'snapshot'>> {
  const id = await idOf(stores, name);
  const found = id === undefined ? null : await stores.facts.find('snapshot', id);
  if (found !== null) return found;
  const fix = 'mlops ls snapshots lists what there is.';
  throw new MlopsError('MLOPS_NOT_FOUND', 'There is no such snapshot.', { snapshot: name }, fix);
}

/**
 * Labels of the snapshot of this name: those that the version was trained on, where it names a version; else the newest.
 * @throws MlopsError MLOPS_NOT_FOUND
 */
export async function findLabels(stores: Stores, name: string): Promise<Fact<'labelSet'>> {
  const named = parseSnapshotName(name);
  const version =
    named !== undefined && 'version' in named ? await versionNumbered(stores, named.project, named.version) : null;
  const found =
    version === null
      ? await newestLabels(stores, (await findSnapshot(stores, name))._id)
      : await stores.facts.find('labelSet', version.body.labelSet.id);
  if (found !== null) return found;
  const fix = 'The label phase of a cycle makes them: mlops ls cycles shows where each is.';
  throw new MlopsError('MLOPS_NOT_FOUND', 'The snapshot has no labels yet.', { snapshot: name }, fix);
}

async function idOf(stores: Stores, name: string): Promise<string | undefined> {
  const named = parseSnapshotName(name);
  if (named === undefined) {
    const fix = 'Write <project>, <project>@<version>, <project>@<moment>, <project>/<cycle> or the id of a snapshot.';
    throw new MlopsError('MLOPS_USAGE', `${name} doesn't name a snapshot.`, {}, fix);
  }
  if ('id' in named) return idBeginning(stores, 'snapshot', named.id);
  const { project } = named;
  if ('version' in named) return (await versionNumbered(stores, project, named.version))?.body.snapshot.id;
  if ('moment' in named) return (await asOf(stores, project, named.moment)).id;
  if ('cycle' in named) return cycleSnapshot(await findStored(stores, 'cycle', name));
  // The beginning of an id may look like a project.
  const newest = await newestSnapshotRef(stores, project);
  if (newest === null && LIKE_ID.test(name)) return idBeginning(stores, 'snapshot', `sha256:${name}`);
  return (await newestSnapshot(stores, project))?._id;
}

const LIKE_ID = /^[0-9a-f]{6,64}$/;

function cycleSnapshot(cycle: unknown): string | undefined {
  return (cycle as CycleDocument | undefined)?.refs.snapshot?.id;
}

/** Among the snapshots that cycles came to: what was known later is not in it, even if it is of an earlier time. */
async function asOf(stores: Stores, project: string, moment: string): Promise<Ref> {
  const cycles = await snapshotsOfCycles(stores, project);
  const wanted = momentOrDayMs(moment)!;
  const [found] = cycles
    .filter((cycle) => Date.parse(cycle.asOf) <= wanted)
    .sort((x, y) => Date.parse(y.asOf) - Date.parse(x.asOf) || y.startedAt.getTime() - x.startedAt.getTime());
  if (found !== undefined) return found.snapshot;
  const first = cycles.map((cycle) => cycle.asOf).sort((x, y) => Date.parse(x) - Date.parse(y))[0];
  const what = 'The project has no snapshot as of this moment or an earlier one.';
  throw new MlopsError('MLOPS_NOT_FOUND', what, { project, moment, first }, 'mlops ls cycles lists what there is.');
}

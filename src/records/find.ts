/** One record by its kind and id, as `mlops ls` prints it. */
import { isDigest } from '../domain/refs';
import { findStored, idBeginning } from '../stores/listing';
import { findPrediction } from '../stores/predictions';
import { findReplica } from '../stores/replicas';
import { versionNumbered } from '../stores/versions';
import { isFactKind, type RecordKind, type RecordOf } from './kinds';
import { triggers, withLiveness } from './list';
import { listProjects } from './projects';
import type { RecordStores } from './stores';
import { withStatus } from './version-status';
import { endpointOfWindow, parsePredictionLabel, ofProject, parseVersionLabel, parseEventLabel } from '../domain/ids';

/** Undefined where there is none. Short ids are taken where they are those of one record only. */
export async function findRecord<K extends RecordKind>(
  stores: RecordStores,
  kind: K,
  id: string
): Promise<RecordOf<K> | undefined> {
  return (await found(stores, kind, id)) as RecordOf<K> | undefined;
}

async function found(stores: RecordStores, kind: RecordKind, id: string): Promise<unknown> {
  if (kind === 'project') return (await listProjects(stores, id))[0];
  if (kind === 'trigger') return (await triggers(stores, endpointOfWindow(id))).find(({ _id }) => _id === id);
  if (kind === 'prediction') return prediction(stores, id);
  if (kind === 'replica') {
    const replica = await findReplica(stores, id);
    return replica === null ? undefined : (await withLiveness(stores, [replica]))[0];
  }
  const stored = await storedId(stores, kind, id);
  if (stored === undefined) return undefined;
  if (kind === 'version') {
    const version = await stores.facts.find('version', stored);
    return version === null ? undefined : (await withStatus(stores, [version]))[0];
  }
  if (isFactKind(kind)) return (await stores.facts.find(kind, stored)) ?? undefined;
  return findStored(stores, kind, stored);
}

async function prediction(stores: RecordStores, label: string): Promise<unknown> {
  const { endpoint, id } = parsePredictionLabel(label);
  return findPrediction(stores, endpoint, id);
}

type StoredKind = Exclude<RecordKind, 'project' | 'trigger' | 'prediction' | 'replica'>;

/** Their ids are names, and one may be the beginning of another's. */
const NAMED_WHOLE: ReadonlySet<StoredKind> = new Set(['cycle', 'request', 'endpoint', 'decision', 'trial', 'winner']);

async function storedId(stores: RecordStores, kind: StoredKind, id: string): Promise<string | undefined> {
  if (kind === 'version') return versionId(stores, id);
  if (kind === 'audit') return auditId(stores, id);
  if (kind === 'window') return idBeginning(stores, kind, id);
  if (isDigest(id) || NAMED_WHOLE.has(kind)) return id;
  if (kind === 'definition') return idBeginning(stores, kind, id.includes('/') ? id : ofProject(id));
  return idBeginning(stores, kind, kind === 'rollout' || id.startsWith('sha256:') ? id : `sha256:${id}`);
}

/** `<project>@<number>`, or the record's own `<project>/<cycle>`. */
async function versionId(stores: RecordStores, id: string): Promise<string | undefined> {
  const named = parseVersionLabel(id);
  return named === undefined ? id : (await versionNumbered(stores, named.project, named.number))?._id;
}

/** `<project>/<sequence>`, or the event's own id. */
async function auditId({ audit }: RecordStores, id: string): Promise<string | undefined> {
  const named = parseEventLabel(id);
  return named === undefined ? id : (await audit.at(named.project, named.sequence))?._id;
}

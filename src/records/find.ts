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
  if (kind === 'trigger') return (await triggers(stores, id.split('/')[0])).find(({ _id }) => _id === id);
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

/** `<endpoint>/<prediction id>`, which may have its row behind another slash. */
async function prediction(stores: RecordStores, id: string): Promise<unknown> {
  const at = id.indexOf('/');
  return findPrediction(stores, id.slice(0, Math.max(0, at)), id.slice(at + 1));
}

type StoredKind = Exclude<RecordKind, 'project' | 'trigger' | 'prediction' | 'replica'>;

async function storedId(stores: RecordStores, kind: StoredKind, id: string): Promise<string | undefined> {
  if (kind === 'version') return versionId(stores, id);
  if (kind === 'audit') return auditId(stores, id);
  if (kind === 'window') return idBeginning(stores, kind, id);
  if (isDigest(id) || kind === 'cycle' || kind === 'request' || kind === 'endpoint' || kind === 'decision') return id;
  if (kind === 'definition') return idBeginning(stores, kind, id.includes('/') ? id : `${id}/`);
  return idBeginning(stores, kind, kind === 'rollout' || id.startsWith('sha256:') ? id : `sha256:${id}`);
}

/** `<project>@<number>`, or the record's own `<project>/<cycle>`. */
async function versionId(stores: RecordStores, id: string): Promise<string | undefined> {
  const [, project, number] = /^([^@/]+)@(\d+)$/.exec(id) ?? [];
  if (project === undefined) return id;
  return (await versionNumbered(stores, project, Number(number)))?._id;
}

/** `<project>/<sequence>`, or the event's own id. */
async function auditId({ audit }: RecordStores, id: string): Promise<string | undefined> {
  const [, project, sequence] = /^([^/ ]+)\/(\d+)$/.exec(id) ?? [];
  if (project === undefined) return id;
  return (await audit.at(project, Number(sequence)))?._id;
}

/** One record by its kind and id, as `mlops ls` prints it. */
import type { Sort } from 'mongodb';
import { MlopsError } from '../domain/errors';
import { isDigest } from '../domain/refs';
import { factCollection } from '../stores/facts';
import { findPrediction } from '../stores/predictions';
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
    const replica = await stores.moving.replicas.findOne({ _id: id });
    return replica === null ? undefined : (await withLiveness(stores, [replica]))[0];
  }
  const stored = await storedId(stores, kind, id);
  if (stored === undefined) return undefined;
  if (kind === 'version') {
    const version = await stores.facts.find('version', stored);
    return version === null ? undefined : (await withStatus(stores, [version]))[0];
  }
  if (isFactKind(kind)) return (await stores.facts.find(kind, stored)) ?? undefined;
  return (await stores.db.collection<{ _id: string }>(collectionOf(kind)).findOne({ _id: stored })) ?? undefined;
}

function collectionOf(kind: StoredKind): string {
  if (isFactKind(kind)) return factCollection(kind);
  return kind === 'audit' ? kind : `${kind}s`;
}

/** `<endpoint>/<prediction id>` */
async function prediction(stores: RecordStores, id: string): Promise<unknown> {
  const [endpoint, ...rest] = id.split('/');
  return (await findPrediction(stores.db, rest.join('/'))).find((one) => one.endpoint === endpoint);
}

type StoredKind = Exclude<RecordKind, 'project' | 'trigger' | 'prediction' | 'replica'>;

async function storedId(stores: RecordStores, kind: StoredKind, id: string): Promise<string | undefined> {
  if (kind === 'version') return versionId(stores, id);
  if (kind === 'audit') return auditId(stores, id);
  if (kind === 'window') return idByPrefix(stores, kind, id);
  if (isDigest(id) || kind === 'cycle' || kind === 'request' || kind === 'endpoint' || kind === 'decision') return id;
  if (kind === 'definition') return idByPrefix(stores, kind, id.includes('/') ? id : `${id}/`);
  return idByPrefix(stores, kind, kind === 'rollout' || id.startsWith('sha256:') ? id : `sha256:${id}`);
}

/** `<project>@<number>`, or the record's own `<project>/<cycle>`. */
async function versionId({ facts }: RecordStores, id: string): Promise<string | undefined> {
  const [, project, number] = /^([^@/]+)@(\d+)$/.exec(id) ?? [];
  if (project === undefined) return id;
  const version = await facts
    .collection('version')
    .findOne({ 'body.project': project, 'body.number': Number(number) }, { projection: { _id: 1 } });
  return version === null ? undefined : String(version._id);
}

/** `<project>/<sequence>`, or the event's own id. */
async function auditId({ db }: RecordStores, id: string): Promise<string | undefined> {
  const [, project, sequence] = /^([^/ ]+)\/(\d+)$/.exec(id) ?? [];
  if (project === undefined) return id;
  const event = await db.collection<{ _id: string }>('audit').findOne({ project, sequence: Number(sequence) });
  return event?._id;
}

/** Of several that begin alike the newest is meant: a project's definition, a period's last revision. */
const NEWEST_FIRST: Partial<Record<StoredKind, Sort>> = {
  definition: { 'made.at': -1 },
  window: { 'body.period.from': -1, 'body.revision': -1 },
};

async function idByPrefix({ db }: RecordStores, kind: StoredKind, prefix: string): Promise<string | undefined> {
  const newestFirst = NEWEST_FIRST[kind];
  const ids = await db
    .collection<{ _id: string }>(collectionOf(kind))
    .find({ _id: { $gte: prefix, $lt: `${prefix}\uffff` } }, { projection: { _id: 1 } })
    .sort(newestFirst ?? { _id: 1 })
    .limit(2)
    .toArray();
  if (ids.length > 1 && newestFirst === undefined) {
    throw new MlopsError(
      'MLOPS_USAGE',
      `Several ${kind}s begin like this.`,
      { id: prefix, found: ids.map(({ _id }) => _id).join(' ') },
      'Write more of it.'
    );
  }
  return ids[0]?._id;
}

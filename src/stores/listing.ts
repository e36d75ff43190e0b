/** Lists of records by kind: where each is stored, which of it belong to a project, and in which order it came to be. */
import type { Document, Filter, Sort } from 'mongodb';
import { MlopsError } from '../domain/errors';
import type { CycleDocument } from '../domain/records';
import { FACT_KINDS, type FactKind } from '../domain/refs';
import { beginningWith, collection, facts, factCollection, MONGO, type Store } from './mongo';
import { ofProject } from '../domain/ids';

interface Query {
  readonly filter: Filter<Document>;
  /** Ascending: oldest first. */
  readonly order: readonly string[];
}

type QueryOf = (store: Store, project: string | undefined) => Query | Promise<Query>;

const QUERIES = {
  definition: (_, project) => made(only('body.definition.name', project)),
  snapshot: async (store, project) => made(await madeFor(store, project, 'snapshot', 'snapshot')),
  report: async (store, project) => made(await reportsOf(store, project)),
  labelSet: async (store, project) => made(await madeFor(store, project, 'labelSet', 'labelSet')),
  featureSet: async (store, project) => made(await madeFor(store, project, 'featureSet', 'features')),
  run: async (store, project) => made(await madeFor(store, project, 'run', 'run')),
  trial: (_, project) => made(project === undefined ? {} : { 'body.study': beginningWith(ofProject(project)) }),
  winner: (_, project) => made(only('body.project', project)),
  version: (_, project) => made(only('body.project', project)),
  evaluation: async (store, project) => made(await evaluationsOf(store, project)),
  decision: (_, project) => made(project === undefined ? {} : { 'body.request': beginningWith(ofProject(project)) }),
  window: async (store, project) => ({ filter: await lastRevisions(store, project), order: ['body.period.from'] }),
  cycle: (_, project) => ({ filter: only('project', project), order: ['startedAt'] }),
  request: (_, project) => ({ filter: only('project', project), order: ['openedAt'] }),
  endpoint: (_, project) => ({ filter: only('project', project), order: ['_id'] }),
  replica: (_, project) => ({ filter: only('endpoint', project), order: ['_id'] }),
  rollout: (_, project) => ({ filter: only('project', project), order: ['startedAt'] }),
  audit: (_, project) => ({
    filter: only('project', project),
    // In one project its sequence is its time.
    order: project === undefined ? ['at', 'sequence'] : ['sequence'],
  }),
  artifact: async (store, project) => ({ filter: await artifactsOf(store, project), order: ['touchedAt'] }),
} as const satisfies Record<string, QueryOf>;

/** Kinds of records that are stored as they are listed. */
export type StoredKind = keyof typeof QUERIES;

/** The newest ones, the oldest of them first; and how many there are in all. */
export async function listStored(
  store: Store,
  kind: StoredKind,
  project: string | undefined,
  limit: number
): Promise<{ records: unknown[]; total: number }> {
  const { filter, order }: Query = await QUERIES[kind](store, project);
  const records = collectionOf(store, kind);
  const [found, total] = await Promise.all([
    records
      .find(filter)
      .sort(Object.fromEntries(order.map((field) => [field, -1])))
      .limit(limit)
      .toArray(),
    // Counting all would read all.
    Object.keys(filter).length === 0 ? records.estimatedDocumentCount() : records.countDocuments(filter),
  ]);
  return { records: found.reverse(), total };
}

export async function findStored(store: Store, kind: StoredKind, id: string): Promise<unknown> {
  return (await collectionOf(store, kind).findOne({ _id: id } as never)) ?? undefined;
}

/** Where several begin alike the newest is meant: a project's definition, a period's last revision. */
const NEWEST_FIRST: Partial<Record<StoredKind, Sort>> = {
  definition: { 'made.at': -1 },
  window: { 'body.period.from': -1, 'body.revision': -1 },
};

/**
 * The id that begins like this.
 * @throws MlopsError MLOPS_USAGE: several begin like it, and no one of them is meant
 */
export async function idBeginning(store: Store, kind: StoredKind, prefix: string): Promise<string | undefined> {
  const newestFirst = NEWEST_FIRST[kind];
  const ids = await collectionOf(store, kind)
    .find(only('_id', beginningWith(prefix)), { projection: { _id: 1 } })
    .sort(newestFirst ?? { _id: 1 })
    .limit(2)
    .toArray();
  const found = ids.map(({ _id }) => String(_id));
  if (found.length > 1 && newestFirst === undefined) {
    throw new MlopsError(
      'MLOPS_USAGE',
      `Several ${kind}s begin like this.`,
      { id: prefix, found: found.join(' ') },
      'Write more of it.'
    );
  }
  return found[0];
}

function collectionOf(store: Store, kind: StoredKind) {
  const isFact = (FACT_KINDS as readonly string[]).includes(kind);
  const name = isFact ? factCollection(kind as FactKind) : kind === 'audit' ? kind : `${kind}s`;
  return store[MONGO].db.collection<Document>(name);
}

function made(filter: Filter<Document>): Query {
  return { filter, order: ['made.at'] };
}

function only(field: string, value: unknown): Filter<Document> {
  return value === undefined ? {} : { [field]: value };
}

/**
 * Steps' records name no project, since projects share them: a project's are those that its versions were made from, and
 * those that its cycles came to, with a version or without.
 */
async function madeFor(
  store: Store,
  project: string | undefined,
  kind: keyof CycleDocument['refs'],
  what: 'snapshot' | 'labelSet' | 'features' | 'run'
): Promise<Filter<Document>> {
  if (project === undefined) return {};
  return { _id: { $in: await idsNamed(store, project, `body.${what}.id`, kind) } } as Filter<Document>;
}

async function reportsOf(store: Store, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  return {
    $or: [
      { 'body.of.id': { $in: await idsNamed(store, project, 'body.snapshot.id', 'snapshot') } },
      { 'body.version.id': beginningWith(ofProject(project)) },
    ],
  };
}

async function idsNamed(
  store: Store,
  project: string,
  inVersions: string,
  inCycles: keyof CycleDocument['refs']
): Promise<unknown[]> {
  const [ofVersions, ofCycles] = await Promise.all([
    facts(store, 'version').distinct(inVersions, { 'body.project': project } as never),
    collection(store, 'cycles').distinct(`refs.${inCycles}.id`, { project }),
  ]);
  return [...ofVersions, ...ofCycles];
}

/** Beside its cycles' own those that somebody started alone: of its versions' runs. */
async function evaluationsOf(store: Store, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const [runs, ofCycles] = await Promise.all([
    facts(store, 'version').distinct('body.run.id', { 'body.project': project } as never),
    collection(store, 'cycles').distinct('refs.evaluation.id', { project }),
  ]);
  return { $or: [{ 'body.run.id': { $in: runs } }, { _id: { $in: ofCycles } }] } as Filter<Document>;
}

/** A window that was corrected is one window: its last revision stands for it. */
async function lastRevisions(store: Store, project: string | undefined): Promise<Filter<Document>> {
  const last = await facts(store, 'window')
    .aggregate<{ id: string }>([
      { $match: only('body.endpoint', project) },
      { $sort: { 'body.endpoint': 1, 'body.period.from': 1, 'body.revision': 1 } },
      { $group: { _id: { of: '$body.endpoint', from: '$body.period.from' }, id: { $last: '$_id' } } },
    ])
    .toArray();
  return { _id: { $in: last.map(({ id }) => id) } } as unknown as Filter<Document>;
}

const WITH_ARTIFACTS = ['snapshot', 'report', 'labelSet', 'featureSet', 'run', 'version', 'evaluation'] as const;

/** Those that a project's records name; bytes are shared, too. */
async function artifactsOf(store: Store, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const named = await Promise.all(
    WITH_ARTIFACTS.map(async (kind) => {
      const { filter } = await QUERIES[kind](store, project);
      return collectionOf(store, kind).distinct('artifacts.digest', filter);
    })
  );
  return { _id: { $in: named.flat() } };
}

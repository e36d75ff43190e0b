/** Where each kind is stored, which of it belong to a project, and in which order it came to be. */
import type { Document, Filter } from 'mongodb';
import type { CycleDocument } from '../domain/records';
import type { RecordStores } from './stores';

export interface Query {
  readonly collection: string;
  readonly filter: Filter<Document>;
  /** Ascending: oldest first. */
  readonly order: readonly string[];
}

type QueryOf = (stores: RecordStores, project: string | undefined) => Query | Promise<Query>;

export const QUERIES = {
  definition: (_, project) => made('definitions', only('body.definition.name', project)),
  snapshot: async (stores, project) => made('snapshots', await madeFor(stores, project, 'snapshot', 'snapshot')),
  labelSet: async (stores, project) => made('labelSets', await madeFor(stores, project, 'labelSet', 'labelSet')),
  featureSet: async (stores, project) => made('featureSets', await madeFor(stores, project, 'featureSet', 'features')),
  run: async (stores, project) => made('runs', await madeFor(stores, project, 'run', 'run')),
  version: (_, project) => made('versions', only('body.project', project)),
  evaluation: async (stores, project) => made('evaluations', await evaluationsOf(stores, project)),
  decision: (_, project) => made('decisions', project === undefined ? {} : startsWith('body.request', `${project}/`)),
  window: async (stores, project) => ({
    collection: 'windows',
    filter: await lastRevisions(stores, project),
    order: ['body.period.from'],
  }),
  cycle: (_, project) => ({ collection: 'cycles', filter: only('project', project), order: ['startedAt'] }),
  request: (_, project) => ({ collection: 'requests', filter: only('project', project), order: ['openedAt'] }),
  endpoint: (_, project) => ({ collection: 'endpoints', filter: only('project', project), order: ['_id'] }),
  replica: (_, project) => ({ collection: 'replicas', filter: only('endpoint', project), order: ['_id'] }),
  rollout: (_, project) => ({ collection: 'rollouts', filter: only('project', project), order: ['startedAt'] }),
  audit: (_, project) => ({ collection: 'audit', filter: only('project', project), order: ['at', 'sequence'] }),
  artifact: async (stores, project) => ({
    collection: 'artifacts',
    filter: await artifactsOf(stores, project),
    order: ['touchedAt'],
  }),
} as const satisfies Record<string, QueryOf>;

function made(collection: string, filter: Filter<Document>): Query {
  return { collection, filter, order: ['made.at'] };
}

function only(field: string, value: string | undefined): Filter<Document> {
  return value === undefined ? {} : { [field]: value };
}

function startsWith(field: string, prefix: string): Filter<Document> {
  return { [field]: { $gte: prefix, $lt: `${prefix}\uffff` } };
}

/**
 * Steps' records name no project, since projects share them: a project's are those that its versions were made from, and
 * those that its cycles came to, with a version or without.
 */
async function madeFor(
  { facts, moving }: RecordStores,
  project: string | undefined,
  kind: keyof CycleDocument['refs'],
  what: 'snapshot' | 'labelSet' | 'features' | 'run'
): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const [ofVersions, ofCycles] = await Promise.all([
    facts.collection('version').distinct(`body.${what}.id`, { 'body.project': project }),
    moving.cycles.distinct(`refs.${kind}.id`, { project }),
  ]);
  return { _id: { $in: [...ofVersions, ...ofCycles] } } as Filter<Document>;
}

/** Beside its cycles' own those that somebody started alone: of its versions' runs. */
async function evaluationsOf({ facts, moving }: RecordStores, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const [runs, ofCycles] = await Promise.all([
    facts.collection('version').distinct('body.run.id', { 'body.project': project }),
    moving.cycles.distinct('refs.evaluation.id', { project }),
  ]);
  return { $or: [{ 'body.run.id': { $in: runs } }, { _id: { $in: ofCycles } }] } as Filter<Document>;
}

/** A window that was corrected is one window: its last revision stands for it. */
async function lastRevisions({ facts }: RecordStores, project: string | undefined): Promise<Filter<Document>> {
  const last = await facts
    .collection('window')
    .aggregate<{ id: string }>([
      { $match: only('body.endpoint', project) },
      { $sort: { 'body.revision': 1 } },
      { $group: { _id: { of: '$body.endpoint', from: '$body.period.from' }, id: { $last: '$_id' } } },
    ])
    .toArray();
  return { _id: { $in: last.map(({ id }) => id) } } as unknown as Filter<Document>;
}

const WITH_ARTIFACTS = ['snapshot', 'labelSet', 'featureSet', 'run', 'version', 'evaluation'] as const;

/** Those that a project's records name; bytes are shared, too. */
async function artifactsOf(stores: RecordStores, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const named = await Promise.all(
    WITH_ARTIFACTS.map(async (kind) => {
      const { collection, filter } = await QUERIES[kind](stores, project);
      return stores.db.collection(collection).distinct('artifacts.digest', filter);
    })
  );
  return { _id: { $in: named.flat() } };
}

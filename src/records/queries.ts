/** Where each kind is stored, which of it belong to a project, and in which order it came to be. */
import type { Document, Filter } from 'mongodb';
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
  snapshot: async (stores, project) => made('snapshots', await usedBy(stores, project, 'snapshot')),
  labelSet: async (stores, project) => made('labelSets', await usedBy(stores, project, 'labelSet')),
  featureSet: async (stores, project) => made('featureSets', await usedBy(stores, project, 'features')),
  run: async (stores, project) => made('runs', await usedBy(stores, project, 'run')),
  version: (_, project) => made('versions', only('body.project', project)),
  evaluation: async (stores, project) => made('evaluations', await ofRuns(stores, project)),
  decision: (_, project) => made('decisions', project === undefined ? {} : startsWith('body.request', `${project}/`)),
  window: (_, project) => ({
    collection: 'windows',
    filter: only('body.endpoint', project),
    order: ['body.period.from', 'body.revision'],
  }),
  cycle: (_, project) => ({ collection: 'cycles', filter: only('project', project), order: ['startedAt'] }),
  request: (_, project) => ({ collection: 'requests', filter: only('project', project), order: ['openedAt'] }),
  endpoint: (_, project) => ({ collection: 'endpoints', filter: only('project', project), order: ['_id'] }),
  replica: (_, project) => ({ collection: 'replicas', filter: only('endpoint', project), order: ['_id'] }),
  rollout: (_, project) => ({ collection: 'rollouts', filter: only('project', project), order: ['startedAt'] }),
  audit: (_, project) => ({ collection: 'audit', filter: only('project', project), order: ['at', 'sequence'] }),
  artifact: () => ({ collection: 'artifacts', filter: {}, order: ['touchedAt'] }),
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

/** Steps' records name no project, since projects share them: a project's are those that its versions were made from. */
async function usedBy(
  { facts }: RecordStores,
  project: string | undefined,
  what: 'snapshot' | 'labelSet' | 'features' | 'run'
): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const ids = await facts.collection('version').distinct(`body.${what}.id`, { 'body.project': project });
  return { _id: { $in: ids } } as Filter<Document>;
}

async function ofRuns({ facts }: RecordStores, project: string | undefined): Promise<Filter<Document>> {
  if (project === undefined) return {};
  const ids = await facts.collection('version').distinct('body.run.id', { 'body.project': project });
  return { 'body.run.id': { $in: ids } };
}

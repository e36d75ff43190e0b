/** Everything that a database holds of a project's life, without what differs between any two runs. */
import type { Document } from 'mongodb';
import type { LineageEdge } from '../../src/domain/records';
import { type Digest, type FactKind, isDigest } from '../../src/domain/refs';
import type { Stores } from '../../src/stores/connect';
import { raw } from '../support/raw-records';

/** What goes on by itself, or differs with the number of attempts: checkpoints, and the artifacts that they alone name. */
const LEFT_OUT = /^(predictions|truths)\.|^(replicas|checkpoints|artifacts|chains)$/;
const RUN_ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Moments, and places in a chain, whose order two attempts may exchange. */
const MOMENTS = [
  'made',
  'at',
  'since',
  'startedAt',
  'endedAt',
  'openedAt',
  'deadlineAt',
  'closedAt',
  'sequence',
  'previous',
];

/** Collection → its documents by id, every field of them, in which run ids have no name. */
export async function allRecords(stores: Stores): Promise<Record<string, Document[]>> {
  const { db } = raw(stores);
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
  const records: Record<string, Document[]> = {};
  for (const name of names.filter((each) => !LEFT_OUT.test(each))) {
    const documents = await db.collection(name).find().toArray();
    records[name] = documents
      .map((document) => comparable(name, document))
      .sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1));
  }
  return records;
}

function comparable(collection: string, document: Document): Document {
  const fields = Object.entries(document).filter(([field]) => !MOMENTS.includes(field));
  // An event's digest chains its moment.
  const dropped = collection === 'audit' ? 'digest' : undefined;
  const kept = Object.fromEntries(fields.filter(([field]) => field !== dropped));
  return JSON.parse(JSON.stringify(kept, withoutMoments).replace(RUN_ID, '<run>')) as Document;
}

/** When Temporal took a message; and the digest of a request's record, which holds its moments. */
function withoutMoments(field: string, value: unknown): unknown {
  if (field === 'sentAt') return undefined;
  const { kind, id } = (value ?? {}) as Document;
  return field === 'record' && kind === 'request' ? { kind, id } : value;
}

/** Every digest that a record names as its artifact. */
export async function artifactsNamed(stores: Stores): Promise<Digest[]> {
  const edges = await raw(stores).db.collection('edges').find({ relation: 'produced' }).toArray();
  return [...new Set(edges.map((edge) => edge.to as Digest))];
}

/** Lineage edges, of every relation, from or to something that is not there. */
export async function brokenEdges(stores: Stores): Promise<string[]> {
  const broken: string[] = [];
  for (const { _id, from, to } of await raw(stores).db.collection<LineageEdge>('edges').find().toArray()) {
    if (!(await isThere(stores, from)) || !(await isThere(stores, to))) broken.push(_id);
  }
  return broken;
}

async function isThere(stores: Stores, node: string): Promise<boolean> {
  if (isDigest(node)) return (await stores.artifacts.find(node)) !== null;
  const kind = node.slice(0, node.indexOf(':'));
  const id = node.slice(kind.length + 1);
  if (kind === 'endpoint') return (await raw(stores).endpoints.findOne({ _id: id })) !== null;
  return (await stores.facts.find(kind as FactKind, id)) !== null;
}

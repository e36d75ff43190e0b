/** The lineage graph's edges, stored with each record in its transaction; `_id` = `<from> <relation> <to>`. */
import type { ClientSession } from 'mongodb';
import type { LineageEdge } from '../domain/records';
import { collection, type Store } from './mongo';

export type NewEdge = Omit<LineageEdge, '_id' | 'v'>;

/** Each is there once, however often it is written: a second one is not written again, so that an edge is never updated. */
export async function addEdges(store: Store, edges: readonly NewEdge[], session: ClientSession): Promise<void> {
  const fresh = new Map(edges.map((edge) => [`${edge.from} ${edge.relation} ${edge.to}`, edge]));
  if (fresh.size === 0) return;
  const stored = collection(store, 'edges');
  const there = stored.find({ _id: { $in: [...fresh.keys()] } }, { session, projection: { _id: 1 } });
  for await (const { _id } of there) fresh.delete(_id);
  if (fresh.size === 0) return;
  await stored.insertMany(
    [...fresh].map(([_id, edge]) => ({ _id, v: 1 as const, ...edge })),
    { session }
  );
}

/** `produced` points from the maker to what was made; every other relation from the later to the earlier. */
export async function edgesAt(
  store: Store,
  node: string,
  end: 'from' | 'to',
  which: 'produced' | 'others'
): Promise<LineageEdge[]> {
  const relation = which === 'produced' ? ('produced' as const) : { $ne: 'produced' as const };
  return collection(store, 'edges')
    .find({ [end]: node, relation })
    .sort({ _id: 1 })
    .toArray();
}

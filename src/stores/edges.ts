/** The lineage graph's edges, stored with each record in its transaction; `_id` = `<from> <relation> <to>`. */
import type { ClientSession } from 'mongodb';
import type { LineageEdge } from '../domain/records';
import { collection, type Store } from './mongo';

export type NewEdge = Omit<LineageEdge, '_id' | 'v'>;

/** Each is there once, however often it is written. */
export async function addEdges(store: Store, edges: readonly NewEdge[], session: ClientSession): Promise<void> {
  if (edges.length === 0) return;
  await collection(store, 'edges').bulkWrite(
    edges.map((edge) => ({
      updateOne: {
        filter: { _id: `${edge.from} ${edge.relation} ${edge.to}` },
        update: { $setOnInsert: { v: 1, ...edge } },
        upsert: true,
      },
    })),
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

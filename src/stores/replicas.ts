/** What an endpoint's replicas report. Live and watermark are by MongoDB's clock and data: no process's own clock is asked. */
import { REPLICA_LIVE_MS, type ReplicaDocument } from '../domain/endpoint';
import { replicaId } from '../domain/ids';
import { collection, type Store } from './mongo';

/** Those that reported within 10 s, by name. */
export async function liveReplicas(store: Store, endpoint: string): Promise<ReplicaDocument[]> {
  return collection(store, 'replicas')
    .find({ endpoint, $expr: { $gt: ['$reportedAt', { $subtract: ['$$NOW', REPLICA_LIVE_MS] }] } })
    .sort({ _id: 1 })
    .toArray();
}

/** @param id `<endpoint>/<replica>` */
export async function findReplica(store: Store, id: string): Promise<ReplicaDocument | null> {
  return collection(store, 'replicas').findOne({ _id: id });
}

/** By endpoint and name, live or not. */
export async function allReplicas(store: Store): Promise<ReplicaDocument[]> {
  return collection(store, 'replicas').find().sort({ _id: 1 }).toArray();
}

/** The replica's own document: also in a time-out all of it is written, or nothing. MongoDB's clock says when. */
export async function reportReplica(
  store: Store,
  document: Omit<ReplicaDocument, '_id' | 'v' | 'reportedAt'>
): Promise<void> {
  const { endpoint, replica } = document;
  await collection(store, 'replicas').updateOne(
    { _id: replicaId(endpoint, replica) },
    // Literal: texts and names that begin with $ are not expressions.
    [
      {
        $replaceWith: {
          $mergeObjects: [{ _id: '$_id' }, { $literal: { v: 1, ...document } }, { reportedAt: '$$NOW' }],
        },
      },
    ],
    { upsert: true }
  );
}

/** A replica that ends in good order isn't waited for. */
export async function withdrawReplica(store: Store, endpoint: string, replica: string): Promise<void> {
  await collection(store, 'replicas').deleteOne({ _id: replicaId(endpoint, replica) });
}

/**
 * The endpoint's watermark: the least event time shipped by the live replicas, minus the allowedLateness. One that is idle
 * holds nothing back; where all are, everything that came is shipped. Undefined while none of them has shipped anything:
 * nothing is known of event time then, and nothing that waits for it goes on.
 */
export function watermarkOf(live: readonly ReplicaDocument[], allowedLatenessMs: number): Date | undefined {
  const shipped = live.flatMap(({ shippedTo, idle }) =>
    shippedTo === undefined ? [] : [{ ms: shippedTo.getTime(), idle }]
  );
  if (shipped.length === 0) return undefined;
  const busy = shipped.filter(({ idle }) => idle !== true);
  const ms = busy.length > 0 ? Math.min(...busy.map((each) => each.ms)) : Math.max(...shipped.map((each) => each.ms));
  return new Date(ms - allowedLatenessMs);
}

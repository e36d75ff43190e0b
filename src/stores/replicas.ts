/** What an endpoint's replicas report. Live and watermark are by MongoDB's clock and data: no process's own clock is asked. */
import { type EndpointClock, REPLICA_LIVE_MS, type ReplicaDocument } from '../domain/endpoint';
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

/** How far an endpoint's event time has come, by its live replicas. */
export interface WatermarkReading {
  readonly live: readonly ReplicaDocument[];
  readonly watermark?: Date;
  readonly clock?: EndpointClock;
}

export async function readWatermark(
  store: Store,
  endpoint: string,
  allowedLatenessMs: number
): Promise<WatermarkReading> {
  const [live, document] = await Promise.all([
    liveReplicas(store, endpoint),
    collection(store, 'endpoints').findOne({ _id: endpoint }, { projection: { clock: 1 } }),
  ]);
  const clock = document?.clock;
  const watermark = watermarkOf(live, allowedLatenessMs, clock);
  return { live, ...(watermark === undefined ? {} : { watermark }), ...(clock === undefined ? {} : { clock }) };
}

/**
 * The endpoint's watermark: the least event time shipped by the live replicas, minus the allowedLateness. One that is idle
 * holds nothing back; where all are, everything that came is shipped. Undefined while none of them has shipped anything:
 * nothing is known of event time then, and nothing that waits for it goes on. A replica that hasn't taken the clock as a
 * person has set it stands there.
 */
export function watermarkOf(
  live: readonly ReplicaDocument[],
  allowedLatenessMs: number,
  clock?: EndpointClock
): Date | undefined {
  const shipped = live.flatMap(({ shippedTo, idle, clockEpoch = 0 }) => {
    if (clock !== undefined && clockEpoch < clock.epoch) return [{ ms: Date.parse(clock.at), busy: true }];
    return shippedTo === undefined ? [] : [{ ms: shippedTo.getTime(), busy: idle !== true }];
  });
  if (shipped.length === 0) return undefined;
  const busy = shipped.filter((each) => each.busy);
  const ms = busy.length > 0 ? Math.min(...busy.map((each) => each.ms)) : Math.max(...shipped.map((each) => each.ms));
  return new Date(ms - allowedLatenessMs);
}

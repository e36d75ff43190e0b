/** What an endpoint's replicas report. Live and watermark are by MongoDB's clock and data: no process's own clock is asked. */
import type { Collection } from 'mongodb';
import { REPLICA_LIVE_MS, type ReplicaDocument } from '../domain/endpoint';

/** Those that reported within 10 s, by name. */
export async function liveReplicas(
  replicas: Collection<ReplicaDocument>,
  endpoint: string
): Promise<ReplicaDocument[]> {
  return replicas
    .find({ endpoint, $expr: { $gt: ['$reportedAt', { $subtract: ['$$NOW', REPLICA_LIVE_MS] }] } })
    .sort({ _id: 1 })
    .toArray();
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
